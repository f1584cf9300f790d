package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
import io.microraft.RaftNodeStatus;
import io.microraft.impl.RaftNodeImpl;
import io.microraft.impl.state.RaftGroupMembersState;
import io.microraft.impl.state.RaftState;
import org.jspecify.annotations.Nullable;

/**
 * A fault of MicroRaft's: a follower whose log ends with a change of members that never was
 * committed fails when it installs a snapshot (RaftState.installGroupMembers: the change has a
 * higher index than the members in the snapshot). Its node would halt, in the middle of the
 * install.
 *
 * <p>A snapshot at or above the change's entry says what became of it, so the change goes with the
 * log. An entry behind the snapshot stays in the log, and then so does the configuration that it
 * means.
 */
final class OvertakenMembers {

  private final RaftNode raft;

  /** Set aside while a snapshot is installed; null otherwise. */
  private @Nullable RaftGroupMembersState uncommitted;

  OvertakenMembers(RaftNode raft) {
    this.raft = raft;
  }

  /** Call when the state has been replaced and the members have not. */
  void setAside() {
    RaftState state = ((RaftNodeImpl) raft).state();
    RaftGroupMembersState effective = state.effectiveGroupMembers();
    if (effective == state.committedGroupMembers()) {
      uncommitted = null;
    } else {
      state.revertGroupMembers();
      uncommitted = effective;
    }
  }

  /** Call when the snapshot is installed: what was set aside is in force again if its entry is. */
  void putBack() {
    RaftGroupMembersState aside = uncommitted;
    if (aside == null) {
      return;
    }
    uncommitted = null;
    RaftNodeImpl node = (RaftNodeImpl) raft;
    long index = aside.getLogIndex();
    if (index > node.state().commitIndex()
        && index <= node.state().log().lastLogOrSnapshotIndex()) {
      // As when it was appended; MicroRaft asserts it when the entry is committed.
      node.setStatus(RaftNodeStatus.UPDATING_RAFT_GROUP_MEMBER_LIST);
      node.updateGroupMembers(index, aside.getMembers(), aside.getVotingMembers());
    }
  }
}
