package io.shardwell.jepsen.simulation;

import org.jspecify.annotations.Nullable;

/** A broken promise, with the line that replays the run. */
public final class SimulationFailure extends AssertionError {
  private static final long serialVersionUID = 1;

  private final Check check;
  private final long nanos;
  private final int injections;
  private @Nullable String timeline;

  /**
   * A promise broken.
   *
   * @param nanos simulated time
   * @param injections faults that had come up by then, left out or not
   */
  SimulationFailure(
      Scenario scenario,
      Check check,
      long nanos,
      int injections,
      String what,
      @Nullable Throwable cause) {
    super(
        String.format("at %.6f s: %s%n  replay: %s", nanos / 1e9, what, scenario.replayLine()),
        cause);
    this.check = check;
    this.nanos = nanos;
    this.injections = injections;
  }

  /** What noticed it. */
  public Check check() {
    return check;
  }

  /** Attaches the page that shows what clients saw. */
  SimulationFailure withTimeline(@Nullable String html) {
    timeline = html;
    return this;
  }

  /** Null unless the history is what is broken. */
  @Nullable String timeline() {
    return timeline;
  }

  long nanos() {
    return nanos;
  }

  int injections() {
    return injections;
  }
}
