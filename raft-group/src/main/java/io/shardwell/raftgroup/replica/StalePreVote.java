package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
import io.microraft.impl.RaftNodeImpl;

/**
 * A fault of MicroRaft's (docs/decisions, 0011): a follower that has asked for pre-votes and then
 * hears from a leader of the <em>same</em> term keeps its pre-vote open for ever, and as long as
 * one is open its heartbeat task does not look whether the leader is alive. When that leader dies
 * in that term the follower stays silent, and with two such followers the group has lost its leader
 * for good.
 */
final class StalePreVote {

  private StalePreVote() {}

  /** Call before a request of a leader of the node's own term is handled. */
  static void end(RaftNode raft) {
    RaftNodeImpl node = (RaftNodeImpl) raft;
    if (node.state().preCandidateState() != null && node.state().leader() == null) {
      // The same term: the vote given in it stays.
      node.toFollower(node.state().term());
    }
  }
}
