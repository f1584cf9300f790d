package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
import io.microraft.impl.RaftNodeImpl;
import io.microraft.impl.state.RaftState;
import io.microraft.model.message.PreVoteResponse;

/**
 * A fault of MicroRaft's: who is refused a pre-vote because its term is too old does not take the
 * newer one from the answer. If it has the longest log of those that are there, it refuses all
 * others in turn, and nobody is ever elected: two of three voters that run are without a leader
 * until the third comes back.
 *
 * <p>A refusal for another reason names the term that was asked for, which is one more than the
 * asker's: only a term above that is somebody's own. To take it is Raft's rule for all answers, and
 * the next pre-vote is asked for in a term that nobody refuses.
 */
final class RefusedPreVote {
  private RefusedPreVote() {}

  /** Call before an answer to a pre-vote is handled. */
  static void learnTerm(RaftNode raft, PreVoteResponse response) {
    RaftNodeImpl node = (RaftNodeImpl) raft;
    RaftState state = node.state();
    if (!response.isGranted()
        && state.leader() == null
        && response.getTerm() > state.term() + 1
        && state.preCandidateState() != null) {
      node.toFollower(response.getTerm());
    }
  }
}
