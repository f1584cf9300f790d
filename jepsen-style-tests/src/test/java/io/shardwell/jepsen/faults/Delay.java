package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Links between nodes break, and new ones lead through relays of ours that pass everything on
 * later: each direction by its own delay, with jitter. At the end the relayed links break too.
 */
final class Delay implements Fault {
  /** Outside of namespaces nobody else listens on our address there. */
  private static final int FIRST_PORT = 20_000;

  /** More than the heartbeat's interval: whoever has a link has used it and seen it break. */
  private static final long BREAKING_MILLIS = 300;

  private final Site site;
  private final List<DelayRelay> relays = new ArrayList<>();

  Delay(Site site) {
    this.site = site;
  }

  @Override
  public String strike(Random random) throws IOException, InterruptedException {
    int least = 5 + random.nextInt(75);
    for (int from = 0; from < site.nodes(); from++) {
      for (int to = 0; to < site.nodes(); to++) {
        if (from != to) {
          int port = FIRST_PORT + from * site.nodes() + to;
          relays.add(
              new DelayRelay(
                  site.wires().outside(),
                  port,
                  site.wires().host(to),
                  site.wires().port(to, io.shardwell.jepsen.process.Network.Listener.PEERS),
                  least,
                  least + random.nextInt(least + 1)));
          site.wires().detour(from, to, port);
        }
      }
    }
    site.wires().breakLinks();
    Thread.sleep(BREAKING_MILLIS);
    site.wires().mendLinks();
    return "messages between nodes take " + least + " to " + 2 * least + " ms";
  }

  @Override
  public void mend() throws IOException {
    long relayed = 0;
    for (DelayRelay relay : relays) {
      relayed += relay.bytes();
      relay.close();
    }
    site.wires().heal();
    if (relayed == 0) {
      throw new IOException("nothing went through the relays: messages were not delayed");
    }
  }
}
