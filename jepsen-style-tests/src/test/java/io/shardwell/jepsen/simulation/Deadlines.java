package io.shardwell.jepsen.simulation;

import io.shardwell.jepsen.checker.KeyModel;
import io.shardwell.raftgroup.Tuning;
import java.util.Set;

/**
 * By how much log time may gain or lose while a key lives (DESIGN 7). It gains most where a leader
 * whose clock is ahead follows one whose clock is behind, and loses most the other way round.
 */
final class Deadlines {
  /** Two clocks that are not wrong differ by at most so much. */
  private static final long ORDINARY = 2 * SimulatedEventLoop.MachineClock.ORDINARY_NANOS;

  /** Log time of an idle shard moves in steps, while deadlines fall due. */
  private static final long TICK = 100 * VirtualTime.MILLI;

  /**
   * Of three clocks one of which is wrong, the median is within the others: a leader may begin with
   * so much more.
   */
  private static final long SKEW = Tuning.DEFAULT.maxClockSkewMillis() * VirtualTime.MILLI;

  /**
   * Where a clock may be behind by an hour, log time may fall behind for all of a term, and nothing
   * bounds by how much but the length of the run.
   */
  private static final long LATE_IF_ONE_IS_WRONG = 3_600 * VirtualTime.SECOND;

  private Deadlines() {}

  static KeyModel of(Scenario scenario) {
    return scenario.faults().contains(Fault.CLOCK_WRONG)
        ? new KeyModel(ORDINARY + SKEW + lost(scenario), LATE_IF_ONE_IS_WRONG)
        : new KeyModel(ORDINARY, ORDINARY + TICK);
  }

  /**
   * What log time loses under a leader whose clock is behind, the next one may make up for at once:
   * half of the time for which such a leader leads, as it goes at half speed while it is ahead of
   * that clock; and all of it while all nodes are down, after which a leader may know one other
   * clock only and believes the earlier.
   */
  private static long lost(Scenario scenario) {
    Set<Fault> faults = scenario.faults();
    boolean mayAllBeDown = faults.contains(Fault.POWER_CUT_ALL) || faults.contains(Fault.KILL_ALL);
    return scenario.seconds() * VirtualTime.SECOND / (mayAllBeDown ? 1 : 2);
  }
}
