package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
import io.microraft.impl.RaftNodeImpl;
import io.microraft.impl.state.RaftGroupMembersState;
import io.microraft.impl.state.RaftState;
import io.microraft.model.RaftModelFactory;
import io.microraft.model.groupop.RaftGroupOp;
import io.microraft.model.log.LogEntry;
import io.microraft.model.message.AppendEntriesRequest;
import java.util.List;

/**
 * A fault of MicroRaft's: it believes that a log holds one uncommitted change of members at most.
 * That is true of what a leader appends, not of what the next leader sends, which holds two and has
 * yet to learn that the first is committed. A follower that has the first in force fails when the
 * second arrives (RaftState.updateGroupMembers), its node halts, and does so again at each next
 * attempt: if the leader needs it for a majority, nothing is committed any more. A follower that
 * gets both at once puts only the first in force, and takes that one back if the second is dropped.
 *
 * <p>No leader appends a change before the one before it is committed there. So whoever is sent two
 * changes that follow each other may take the first as committed, and with it all that lies below:
 * what matches the request is the leader's log. MicroRaft restores a log of its own in this way
 * (RaftNodeImpl.applyRestoredRaftGroupOps).
 */
final class EarlierChange {

  private static final long NONE = 0;

  private final RaftNode raft;
  private final RaftModelFactory models;

  EarlierChange(RaftNode raft, RaftModelFactory models) {
    this.raft = raft;
    this.models = models;
  }

  /**
   * Makes a request of the current term one whose last change of members may be the only
   * uncommitted one.
   */
  CompactedPrefixGuard.Rewritten settle(CompactedPrefixGuard.Rewritten rewritten) {
    AppendEntriesRequest request = rewritten.request();
    List<LogEntry> entries = request.getLogEntries();
    RaftState state = ((RaftNodeImpl) raft).state();
    long settled = NONE;
    long last = inForceBelow(request.getPreviousLogIndex(), state);
    for (int i = 0; i < entries.size(); i++) {
      LogEntry entry = entries.get(i);
      if (!(entry.getOperation() instanceof RaftGroupOp)
          || entry.getIndex() <= state.commitIndex()) {
        continue;
      }
      if (last != NONE && rewritten.base() != 0) {
        // Its indexes are not the log's, so it cannot say what is committed. What is left out
        // comes again, in a request that can.
        return new CompactedPrefixGuard.Rewritten(
            AdjustedRequest.of(models, request, request.getCommitIndex(), entries.subList(0, i)),
            rewritten.base());
      }
      settled = last;
      last = entry.getIndex();
    }
    return settled <= request.getCommitIndex()
        ? rewritten
        : new CompactedPrefixGuard.Rewritten(
            AdjustedRequest.of(models, request, settled, entries), rewritten.base());
  }

  /**
   * The change in force here that is not known to be committed, if a request whose previous entry
   * matches shows that the leader has it too. One that the request may yet overwrite is not meant:
   * if it does not, it is among its entries.
   */
  private static long inForceBelow(long previous, RaftState state) {
    RaftGroupMembersState inForce = state.effectiveGroupMembers();
    return inForce != state.committedGroupMembers() && inForce.getLogIndex() <= previous
        ? inForce.getLogIndex()
        : NONE;
  }
}
