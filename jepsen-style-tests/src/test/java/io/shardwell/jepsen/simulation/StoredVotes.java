package io.shardwell.jepsen.simulation;

import io.microraft.RaftEndpoint;
import io.microraft.impl.state.RaftState;
import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.replica.Replica;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Term and vote outlive the process: once durable, the term never falls, and within it the vote
 * stays. Two leaders of one term come of it only where two candidates meet a voter that has just
 * restarted; this notices the voter.
 */
final class StoredVotes {
  private record Voter(int group, RaftEndpoint self) {}

  private record Vote(int term, @Nullable RaftEndpoint candidate) {}

  private final Map<Voter, Vote> durable = new HashMap<>();

  /** Null if all is well, otherwise what is not; after a turn of the node. */
  @Nullable String check(Engine engine, long syncedPosition) {
    for (Object each : LogMatching.replicas(engine)) {
      Replica replica = (Replica) each;
      RaftState state = LogMatching.stateOf(replica);
      Voter voter = new Voter(replica.group(), replica.self());
      Vote now = new Vote(state.term(), state.votedEndpoint());
      Vote before = durable.get(voter);
      boolean forgot =
          before != null
              && (now.term < before.term
                  || (now.term == before.term
                      && before.candidate != null
                      && !before.candidate.equals(now.candidate)));
      if (forgot) {
        return "group "
            + voter.group
            + ": "
            + voter.self
            + " had stored "
            + before
            + ", has "
            + now;
      }
      if (LogMatching.logOf(replica).lastPosition() <= syncedPosition) {
        durable.put(voter, now);
      }
    }
    return null;
  }
}
