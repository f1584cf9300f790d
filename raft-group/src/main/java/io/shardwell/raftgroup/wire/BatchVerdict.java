package io.shardwell.raftgroup.wire;

import io.shardwell.statemachine.Outcome;

/** What became of a batch, as its node is told. */
public sealed interface BatchVerdict {

  /** The state machine had it: applied now, applied before, or turned away. */
  record Decided(Outcome outcome) implements BatchVerdict {}

  /**
   * Not applied as far as the speaker knows, and perhaps never: send it again. The session keeps a
   * second copy from being a second write.
   *
   * @param leaderHint the node to ask, empty if unknown
   */
  record Refused(String leaderHint) implements BatchVerdict {}
}
