package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
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
  private OvertakenMembers() {}

  /**
   * Call when the state has been replaced and the members have not.
   *
   * @return the members that were in force without being committed; null if there were none
   */
  static @Nullable RaftGroupMembersState setAside(RaftNode raft) {
    RaftState state = ((RaftNodeImpl) raft).state();
    RaftGroupMembersState uncommitted = state.effectiveGroupMembers();
    if (uncommitted == state.committedGroupMembers()) {
      return null;
    }
    state.revertGroupMembers();
    return uncommitted;
  }

  /** Call when the snapshot is installed: what was set aside is in force again if its entry is. */
  static void putBack(RaftNode raft, RaftGroupMembersState uncommitted) {
    RaftNodeImpl node = (RaftNodeImpl) raft;
    long index = uncommitted.getLogIndex();
    if (index > node.state().commitIndex()
        && index <= node.state().log().lastLogOrSnapshotIndex()) {
      node.updateGroupMembers(index, uncommitted.getMembers(), uncommitted.getVotingMembers());
    }
  }
}
