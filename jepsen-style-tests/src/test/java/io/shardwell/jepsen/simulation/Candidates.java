package io.shardwell.jepsen.simulation;

import io.microraft.impl.state.RaftState;
import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.replica.Replica;
import org.jspecify.annotations.Nullable;

/**
 * Who asks for votes or leads is a voter by its own configuration in force. A candidate counts
 * itself: from outside of the voters a minority of them would elect it. Two leaders come of that
 * only where the others elect somebody too; this notices the candidate.
 */
final class Candidates {
  private Candidates() {}

  /** Null if all is well, otherwise what is not; after a turn of the node. */
  static @Nullable String check(Engine engine) {
    for (Object each : LogMatching.replicas(engine)) {
      Replica replica = (Replica) each;
      RaftState state = LogMatching.stateOf(replica);
      boolean stands = state.candidateState() != null || state.leaderState() != null;
      if (stands && !replica.isVoter()) {
        return "group "
            + replica.group()
            + ": "
            + replica.self()
            + " stands for office in term "
            + state.term()
            + " and is none of the voters "
            + replica.voters();
      }
    }
    return null;
  }
}
