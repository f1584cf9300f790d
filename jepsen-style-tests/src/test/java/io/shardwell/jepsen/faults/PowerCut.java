package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.util.List;
import java.util.Random;

/**
 * SIGKILL, and then the disk forgets what was not synced: of every file, a prefix, single sectors
 * or all of it. So the log's last turn is torn before the restart, as by a power cut.
 */
final class PowerCut implements Fault {
  private final Site site;
  private final Kill.Whom whom;
  private List<Integer> victims = List.of();

  PowerCut(Site site, Kill.Whom whom) {
    this.site = site;
    this.whom = whom;
  }

  @Override
  public String strike(Random random) throws IOException, InterruptedException {
    victims = Kill.draw(site, whom, random);
    // So that something is under way, wherever the load happens to be.
    for (int node : victims) {
      site.interposers().get(node).delaySyncs(10 + random.nextInt(60));
    }
    Thread.sleep(200 + random.nextInt(200));
    Kill.killNow(site, victims);
    StringBuilder text = new StringBuilder("cut the power of ").append(Kill.names(victims));
    for (int node : victims) {
      Interposer interposer = site.interposers().get(node);
      text.append(", ").append(interposer.undoLog().forget(random));
      interposer.asUsual();
    }
    return text.toString();
  }

  @Override
  public void mend() {
    victims.forEach(site::revive);
  }
}
