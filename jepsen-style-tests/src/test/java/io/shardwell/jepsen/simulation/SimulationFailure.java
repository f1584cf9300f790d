package io.shardwell.jepsen.simulation;

import org.jspecify.annotations.Nullable;

/** A broken promise, with the line that replays the run. */
final class SimulationFailure extends AssertionError {
  private static final long serialVersionUID = 1;

  SimulationFailure(Scenario scenario, long nanos, String what, @Nullable Throwable cause) {
    super(
        String.format("at %.6f s: %s%n  replay: %s", nanos / 1e9, what, scenario.replayLine()),
        cause);
  }
}
