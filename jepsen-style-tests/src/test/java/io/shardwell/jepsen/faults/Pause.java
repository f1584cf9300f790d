package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** SIGSTOP, and SIGCONT later: the process does not know that time has passed. */
final class Pause implements Fault {
  private final Site site;
  private final boolean majority;
  private List<Integer> victims = List.of();
  private long began;

  Pause(Site site, boolean majority) {
    this.site = site;
    this.majority = majority;
  }

  @Override
  public String strike(Random random) throws IOException, InterruptedException {
    victims = Kill.draw(site, majority ? Kill.Whom.MAJORITY : Kill.Whom.ONE, random);
    began = System.nanoTime();
    for (int node : victims) {
      site.servers().signal(node, "STOP");
    }
    return "stopped " + Kill.names(victims);
  }

  @Override
  public void mend() throws IOException, InterruptedException {
    for (int node : victims) {
      site.servers().signal(node, "CONT");
    }
    // A node takes the pulses that have waited for it for new ones: other clocks seem slow to it.
    site.disorderMillis().addAndGet(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
  }
}
