package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** A node's wall clock is wrong for a while. Its timers are not: those count what passes. */
final class ClockJump implements Fault {
  private static final int[] MILLIS = {50, 200, 600, 2_000, 60_000, 3_600_000};

  private final Site site;
  private int node;
  private long began;
  private long before;

  ClockJump(Site site) {
    this.site = site;
  }

  @Override
  public String strike(Random random) throws IOException {
    node = random.nextInt(site.nodes());
    int millis = MILLIS[random.nextInt(MILLIS.length)];
    long offset = random.nextBoolean() ? millis : -millis;
    began = System.nanoTime();
    before = site.interposers().get(node).wrongReadings();
    site.interposers().get(node).moveClock(offset);
    return "the clock of n" + (node + 1) + " jumps by " + offset + " ms";
  }

  @Override
  public void mend() throws IOException {
    Interposer interposer = site.interposers().get(node);
    Fault.requireEffect(
        interposer.wrongReadings() > before, "n" + (node + 1) + " has not read its wrong clock");
    interposer.asUsual();
    // Log time runs at half speed while it is ahead of the clocks that its leader goes by.
    site.disorderMillis().addAndGet(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
  }
}
