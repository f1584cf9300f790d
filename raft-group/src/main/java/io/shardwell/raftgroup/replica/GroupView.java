package io.shardwell.raftgroup.replica;

import io.microraft.RaftEndpoint;
import io.microraft.RaftNode;
import io.microraft.RaftNodeStatus;
import java.util.Collection;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What MicroRaft knows of the group at this moment: the term, who leads, who belongs to it. A
 * replica that stands still knows no leader, not even itself: it may have been deposed long ago.
 * Loop thread only.
 */
final class GroupView {

  private final ReplicaEndpoint self;
  private final Standstill standstill;
  private final Supplier<RaftNode> raft;

  /**
   * @param raft asked for when the view is: MicroRaft is built with adapters that have one
   */
  GroupView(ReplicaEndpoint self, Standstill standstill, Supplier<RaftNode> raft) {
    this.self = self;
    this.standstill = standstill;
    this.raft = raft;
  }

  ReplicaEndpoint self() {
    return self;
  }

  boolean isThisNode(ReplicaEndpoint endpoint) {
    return endpoint.nodeId().equals(self.nodeId());
  }

  int term() {
    return raft.get().getTerm().getTerm();
  }

  boolean isLeader() {
    return self.equals(leader());
  }

  private @Nullable RaftEndpoint leader() {
    return standstill.isStill() ? null : raft.get().getTerm().getLeaderEndpoint();
  }

  /** The node of the leader this replica knows of, or null. */
  @Nullable String leaderNodeId() {
    RaftEndpoint leader = leader();
    return leader == null ? null : ((ReplicaEndpoint) leader).nodeId();
  }

  /** Whether MicroRaft itself, which does not know of a standstill, runs and knows no leader. */
  boolean lacksLeader() {
    RaftNodeStatus status = raft.get().getStatus();
    // While a change of members is not committed, elections are held all the same.
    boolean runs =
        status == RaftNodeStatus.ACTIVE || status == RaftNodeStatus.UPDATING_RAFT_GROUP_MEMBER_LIST;
    return runs && raft.get().getTerm().getLeaderEndpoint() == null;
  }

  /** The voters of the configuration in force, committed or not. */
  Collection<RaftEndpoint> voters() {
    return raft.get().getEffectiveMembers().getVotingMembers();
  }

  /** Voters and learners of the configuration in force, committed or not. */
  Collection<RaftEndpoint> members() {
    return raft.get().getEffectiveMembers().getMembers();
  }

  /** By the configuration in force; a replica of a node taken in again begins without a vote. */
  boolean isVoter() {
    return voters().contains(self);
  }

  boolean isOnlyVoter() {
    return voters().size() == 1 && isVoter();
  }
}
