package io.shardwell.raftgroup.replica;

import io.microraft.RaftEndpoint;
import io.microraft.impl.RaftNodeImpl;
import io.microraft.impl.state.RaftState;

/**
 * A leader that is not among the members a follower knows to be committed. MicroRaft takes it for
 * one that was removed, and at each heartbeat forgets it (HeartbeatTask), until its next message.
 * But it may as well be one that was taken in while this replica was away, or before it was made:
 * then that goes on until the change of members arrives, which may be behind a whole snapshot, and
 * each time what clients wait for is asked for again. Who sends requests of the current term has
 * been elected; who was removed falls silent, and is forgotten for that. Loop thread only.
 */
final class UnknownLeader {

  private UnknownLeader() {}

  /** Whether the replica follows one, and has heard of it within the heartbeat timeout. */
  static boolean isHeard(RaftNodeImpl raft) {
    RaftState state = raft.state();
    RaftEndpoint leader = state.leader();
    return state.leaderState() == null
        && leader != null
        && !state.committedGroupMembers().isKnownMember(leader)
        && !raft.isLeaderHeartbeatTimeoutElapsed();
  }
}
