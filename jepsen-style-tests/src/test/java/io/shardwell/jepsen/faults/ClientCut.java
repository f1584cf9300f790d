package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.util.List;
import java.util.Random;

/** What clients send to a node is dropped: of all of them, or of one connection. */
final class ClientCut implements Fault {
  private final Site site;

  ClientCut(Site site) {
    this.site = site;
  }

  @Override
  public String strike(Random random) throws IOException {
    List<Site.ClientPort> ports = site.clientPorts().get();
    if (ports.isEmpty() || random.nextBoolean()) {
      int node = random.nextInt(site.nodes());
      site.wires().cutClients(node, 0);
      return "cut off all clients of n" + (node + 1);
    }
    Site.ClientPort one = ports.get(random.nextInt(ports.size()));
    site.wires().cutClients(one.node(), one.port());
    return "cut off one client of n" + (one.node() + 1);
  }

  @Override
  public void mend() throws IOException {
    site.wires().heal();
  }
}
