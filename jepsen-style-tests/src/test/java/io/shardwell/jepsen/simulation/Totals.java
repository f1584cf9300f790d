package io.shardwell.jepsen.simulation;

import java.util.Locale;

/** What many runs amounted to; made when they begin. */
final class Totals {
  private final long startNanos = System.nanoTime();
  private long seeds;
  private long events;
  private long crashes;
  private long operations;
  private long undecided;
  private double hours;
  private final FaultTable faults = new FaultTable();

  void add(Run.Summary summary) {
    seeds++;
    events += summary.events();
    crashes += summary.crashes();
    operations += summary.history().operations();
    undecided += summary.history().undecided().size();
    faults.add(summary.faults());
    hours += summary.simulatedNanos() / 3.6e12;
  }

  /** Kinds of faults by phases, over all runs. */
  FaultTable faults() {
    return faults;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d seeds sound in %.1f min: %.2f simulated hours, %d events, %d crashes,"
            + " %d operations judged, %d keys undecided",
        seeds,
        (System.nanoTime() - startNanos) / 6e10,
        hours,
        events,
        crashes,
        operations,
        undecided);
  }
}
