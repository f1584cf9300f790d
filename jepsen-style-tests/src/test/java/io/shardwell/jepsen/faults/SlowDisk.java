package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.util.Random;

/** Every sync of one node takes long. */
final class SlowDisk implements Fault {
  private final Site site;
  private int node;

  SlowDisk(Site site) {
    this.site = site;
  }

  @Override
  public String strike(Random random) throws IOException, InterruptedException {
    node = random.nextInt(site.nodes());
    int millis = 20 + random.nextInt(481);
    site.interposers().get(node).delaySyncsFromNowOn(millis);
    return "syncs of n" + (node + 1) + " take " + millis + " ms more";
  }

  @Override
  public void mend() throws IOException {
    site.interposers().get(node).asUsual();
  }
}
