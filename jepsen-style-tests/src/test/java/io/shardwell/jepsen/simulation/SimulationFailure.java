package io.shardwell.jepsen.simulation;

import org.jspecify.annotations.Nullable;

/** A broken promise, with the line that replays the run. */
final class SimulationFailure extends AssertionError {
  private static final long serialVersionUID = 1;

  private final long nanos;
  private final int injections;

  /**
   * A promise broken.
   *
   * @param nanos simulated time
   * @param injections faults that had come up by then, left out or not
   */
  SimulationFailure(
      Scenario scenario, long nanos, int injections, String what, @Nullable Throwable cause) {
    super(
        String.format("at %.6f s: %s%n  replay: %s", nanos / 1e9, what, scenario.replayLine()),
        cause);
    this.nanos = nanos;
    this.injections = injections;
  }

  long nanos() {
    return nanos;
  }

  int injections() {
    return injections;
  }
}
