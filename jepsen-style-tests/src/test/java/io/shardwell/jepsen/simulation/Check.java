package io.shardwell.jepsen.simulation;

/** What notices that a promise is broken, in the order in which it may. */
public enum Check {
  /** The node itself: an assertion, a fault it reports, an error its consensus library logs. */
  ASSERTION,
  /** What must hold over all nodes after every turn ({@link Invariants}, {@link LogMatching}). */
  INVARIANT,
  /** A restarted node refuses its own directory. */
  RECOVERY,
  /** A mended cluster does not become ready, or does not answer. */
  LIVENESS,
  /** Replicas of a mended cluster are not equal. */
  AGREEMENT,
  /** An answer that no order of the commands explains. */
  HISTORY
}
