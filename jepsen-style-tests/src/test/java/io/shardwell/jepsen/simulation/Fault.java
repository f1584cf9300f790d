package io.shardwell.jepsen.simulation;

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
  /**
   * A machine loses its disk and comes back, after {@code data repair}, as a new incarnation with
   * nothing. Only while every group has all its voters: a second loss before the first is made up
   * for would be more than any cluster of three can bear.
   */
  LOST_DISK
}
