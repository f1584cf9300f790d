package io.shardwell.jepsen.faults;

import java.util.Random;

/** Every node is stopped as an operator stops it and started again, the next when all are ready. */
final class RollingRestart implements Fault {
  private final Site site;

  RollingRestart(Site site) {
    this.site = site;
  }

  @Override
  public String strike(Random random) throws InterruptedException {
    for (int node = 0; node < site.nodes(); node++) {
      site.servers().stop(node);
      site.revive(node);
      if (!site.servers().awaitReadiness(node, true, Round.RECOVERY_SECONDS)) {
        // Another fault may be in the way; whether all recover is looked at after mending.
        return "restarted n1 to n" + (node + 1) + ", which does not get ready";
      }
    }
    return "restarted all";
  }

  @Override
  public void mend() {
    for (int node = 0; node < site.nodes(); node++) {
      site.revive(node);
    }
  }
}
