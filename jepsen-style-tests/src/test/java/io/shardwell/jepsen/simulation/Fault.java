package io.shardwell.jepsen.simulation;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** What can be done to a cluster. */
public enum Fault {
  /** kill -9 of one process, between any two steps. */
  KILL,
  /** Power cut of one machine: what was not synced may be gone. */
  POWER_CUT,
  /** Power cut of all machines at the same moment. */
  POWER_CUT_ALL,
  /** kill -9 of all processes. */
  KILL_ALL,
  /** A crash while a restarted process recovers. */
  CRASH_IN_RECOVERY,
  /** Orderly stop and start. */
  RESTART,
  /** SIGSTOP for a while. */
  PAUSE,
  /** One machine cut off from all others, both ways. */
  ISOLATE,
  /** One direction of one wire. */
  ONE_WAY_CUT,
  /** A random set of wires, so that majorities may overlap or not exist. */
  PARTIAL_CUT,
  /** Nodes cut off one by one and joined again in another order. */
  SWIZZLE,
  /** A connection breaks with frames under way. */
  BREAK_LINKS,
  /** One direction gets slow. */
  SLOW_LINK,
  /** One disk gets slow. */
  SLOW_DISK,
  /** The next write or sync fails; the process must halt by itself. */
  FAILING_DISK,
  /** Somebody else fills a disk, not below half of the limit: no write may ever fail. */
  DISK_NEARLY_FULL,
  /** As above, to the last bytes and at once: the process may halt, and may fail to start. */
  DISK_FULL,
  /** A wall clock jumps, within what is promised. */
  CLOCK_JUMP,
  /** A machine's wall clock is off by up to an hour for a while; in a run always the same one. */
  CLOCK_WRONG,
  /**
   * A machine loses its disk and comes back, after {@code data repair}, as a new incarnation with
   * nothing. Only while every group bears that: of three replicas one may be gone at a time, of
   * five two.
   */
  LOST_DISK,

  // Stories: several steps in the order in which a certain rule matters. Chance hardly ever plays
  // them; a scenario has them only if it asks for them.

  /** A leader gives its office away, and hears late or not at all that it has lost it. */
  HAND_OVER,
  /** A leader loses its office and gets it back while answers of its former term are under way. */
  LATE_ANSWERS,
  /** A follower's answers are lost for a while: it is ahead of what its leader believes. */
  LOST_ANSWERS,
  /** A machine is cut off until it needs a snapshot, and the others or itself die then. */
  LAGGARD,
  /**
   * One follower after the other stands still for about as long as its patience, then the leader.
   */
  ROLLING_PAUSE,
  /** A leader and one voter are cut off from three others, who elect another. */
  MINORITY_LEADER,
  /** A former leader is left with the longest log, and one voter with a newer term. */
  LOST_ELECTION,
  /** A leader dies while somebody fetches its snapshot; its successor's is older. */
  CUT_DOWNLOAD,
  /** A leader falls silent where all disks are equally slow, and wires are for a while. */
  SLOW_ELECTION,
  /** A leader appends a change of members of which the next one hears nothing. */
  OVERTAKEN_CHANGE,
  /** A candidate takes a machine in that has voted in its term and has lost its disk since. */
  FORMER_SELF,
  /** A new voter loses power before its promotion is durable. */
  LOST_PROMOTION;

  private static final Set<Fault> STORIES =
      Collections.unmodifiableSet(EnumSet.range(HAND_OVER, LOST_PROMOTION));

  /** Those of many steps, which a scenario does not draw by itself. */
  static Set<Fault> stories() {
    return STORIES;
  }

  /** Those of one step each. */
  static Set<Fault> single() {
    return EnumSet.complementOf(EnumSet.copyOf(STORIES));
  }

  boolean isStory() {
    return STORIES.contains(this);
  }
}
