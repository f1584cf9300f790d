package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.util.Random;

/** One sync of a node takes longer than anybody waits for a heartbeat. */
final class StalledDisk implements Fault {
  private static final int STALL_MILLIS = 4_000;

  private final Site site;

  StalledDisk(Site site) {
    this.site = site;
  }

  @Override
  public String strike(Random random) throws IOException, InterruptedException {
    int node = random.nextInt(site.nodes());
    Interposer interposer = site.interposers().get(node);
    interposer.delaySyncsFromNowOn(STALL_MILLIS);
    // The one that has begun keeps its delay.
    interposer.asUsual();
    return "a sync of n" + (node + 1) + " takes " + STALL_MILLIS + " ms";
  }

  @Override
  public void mend() throws InterruptedException {
    Thread.sleep(STALL_MILLIS / 2);
  }
}
