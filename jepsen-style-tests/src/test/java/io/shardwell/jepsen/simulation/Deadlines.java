package io.shardwell.jepsen.simulation;

import io.shardwell.jepsen.checker.KeyModel;
import io.shardwell.raftgroup.Tuning;
import java.util.Collections;
import java.util.EnumSet;
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
   * Of three clocks one of which is wrong, the median is within the others, and a leader whose own
   * clock is wrong begins with so much more or less.
   */
  private static final long SKEW = Tuning.DEFAULT.maxClockSkewMillis() * VirtualTime.MILLI;

  /** What ends processes. */
  private static final Set<Fault> ENDING =
      EnumSet.of(
          Fault.KILL,
          Fault.KILL_ALL,
          Fault.POWER_CUT,
          Fault.POWER_CUT_ALL,
          Fault.CRASH_IN_RECOVERY,
          Fault.RESTART,
          Fault.FAILING_DISK,
          Fault.DISK_FULL,
          Fault.LOST_DISK);

  private Deadlines() {}

  static KeyModel of(Scenario scenario) {
    if (!scenario.faults().contains(Fault.CLOCK_WRONG)) {
      return new KeyModel(ORDINARY, ORDINARY + TICK);
    }
    long bound = ORDINARY + 2 * SKEW;
    return new KeyModel(bound + lost(scenario), bound + TICK + lost(scenario));
  }

  /**
   * Of two clocks the earlier one counts. Where a leader may know no more, for a majority has just
   * started, its first stamp may be behind by all the time for which its shard gave none, and the
   * next leader makes up for it at once.
   */
  private static long lost(Scenario scenario) {
    boolean mayStartAnew = !Collections.disjoint(scenario.faults(), ENDING);
    return mayStartAnew ? scenario.seconds() * VirtualTime.SECOND : 0;
  }
}
