package io.shardwell.raftgroup.replica;

import io.microraft.model.RaftModelFactory;
import io.microraft.model.log.LogEntry;
import io.microraft.model.message.AppendEntriesRequest;
import io.shardwell.storage.FaultHandler;
import java.util.List;

/**
 * MICRORAFT B5: a follower that has compacted the entry before an AppendEntries answers "no match"
 * for ever, because the leader will not go below its match index.
 *
 * <p>What lies at or below our snapshot is committed, so it matches. The request is rewritten to
 * begin behind the snapshot, with previous index 0 (for which MicroRaft checks nothing), and the
 * response's index is moved back up by {@link Rewritten#base}. The commit index follows with the
 * next request.
 */
final class CompactedPrefixGuard {

  /** A request that MicroRaft can match, and what its response's lastLogIndex lacks. */
  record Rewritten(AppendEntriesRequest request, long base) {}

  private final RaftModelFactory models;
  private final FaultHandler faults;

  CompactedPrefixGuard(RaftModelFactory models, FaultHandler faults) {
    this.models = models;
    this.faults = faults;
  }

  /**
   * Rewrites a request of the current term where need be.
   *
   * @param firstHeld the first index MicroRaft holds in its log
   * @param lastIndex the last index in log or snapshot
   */
  Rewritten rewrite(
      AppendEntriesRequest request,
      long snapshotIndex,
      int snapshotTerm,
      long firstHeld,
      long lastIndex) {
    long previous = request.getPreviousLogIndex();
    boolean held = previous == lastIndex || (previous >= firstHeld && previous <= lastIndex);
    if (previous == 0 && snapshotIndex > 0 && !request.getLogEntries().isEmpty()) {
      // The leader starts from the first entry, which we have compacted.
      held = request.getLogEntries().get(0).getIndex() >= firstHeld;
    }
    if (held || previous > snapshotIndex || snapshotIndex == 0) {
      return new Rewritten(request, 0);
    }
    List<LogEntry> entries = request.getLogEntries();
    int compacted = 0;
    while (compacted < entries.size() && entries.get(compacted).getIndex() <= snapshotIndex) {
      LogEntry entry = entries.get(compacted);
      if (entry.getIndex() == snapshotIndex && entry.getTerm() != snapshotTerm) {
        faults.fault(
            "entry "
                + snapshotIndex
                + " has term "
                + entry.getTerm()
                + " at the leader and "
                + snapshotTerm
                + " in our snapshot",
            null);
      }
      compacted++;
    }
    AppendEntriesRequest shorter =
        models
            .createAppendEntriesRequestBuilder()
            .setGroupId(request.getGroupId())
            .setSender(request.getSender())
            .setTerm(request.getTerm())
            .setPreviousLogIndex(0)
            .setPreviousLogTerm(0)
            .setCommitIndex(0)
            .setQuerySequenceNumber(request.getQuerySequenceNumber())
            .setFlowControlSequenceNumber(request.getFlowControlSequenceNumber())
            .setLogEntries(entries.subList(compacted, entries.size()))
            .build();
    return new Rewritten(shorter, previous + compacted);
  }
}
