package io.shardwell.raftgroup.replica;

import io.microraft.model.groupop.UpdateRaftGroupMembersOp;
import io.microraft.model.log.LogEntry;
import io.microraft.model.log.RaftGroupMembersView;
import io.microraft.model.log.SnapshotChunk;
import io.microraft.model.persistence.RaftEndpointPersistentState;
import io.microraft.model.persistence.RaftTermPersistentState;
import io.microraft.persistence.RaftStore;
import io.shardwell.raftgroup.wire.RaftCodec;
import io.shardwell.storage.FaultHandler;
import io.shardwell.storage.RecoveredEntry;
import io.shardwell.storage.RecoveredReplica;
import io.shardwell.storage.ReplicaLog;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * MicroRaft's store as records in the loop's one log (MICRORAFT C).
 *
 * <p>Every call appends to the log's buffer, in order, and returns at once; {@link #flush} does
 * nothing. What makes that sound is not here: {@link HeldMessages} and {@link AcknowledgementGate}.
 * Nothing is ever thrown into MicroRaft, which would go on half-way through a handler (MICRORAFT
 * B4).
 *
 * <p>Loop thread only.
 */
final class ReplicaStore implements RaftStore {

  /**
   * First byte of an entry that changes the members; a {@link ReplicatedState}'s own proposals
   * begin with smaller numbers.
   */
  static final byte MEMBERS_OP = 0x7f;

  /** With more to be applied before it, an entry's bytes are not kept in memory. */
  private static final long MOST_UNAPPLIED_ENTRIES = 1024;

  private final ReplicaLog log;
  private final ReplicaSnapshots snapshots;
  private final ReplicatedState state;
  private final RaftCodec codec;
  private final FaultHandler faults;
  private final LongSupplier appliedIndex;

  /** Where the record of the current term and vote is; 0 if it was recovered. */
  private long termRecordPosition;

  // What MicroRaft's log in memory holds: firstHeld..lastIndex; on disk there may be more in front.
  // Invariant: firstHeld <= lastIndex + 1.
  private long firstHeld;
  private long lastIndex;

  // Of the entries that MicroRaft's log holds, the only ones whose bytes may be in the log alone
  // before they are applied: what recovery found, and what came before much of that was applied.
  // Invariant: in order, without gaps.
  private final List<LogEntry> onDiskEntries;

  private long bytesSinceSnapshot;
  private byte @Nullable [] initialMembers;

  ReplicaStore(
      ReplicaLog log,
      ReplicaSnapshots snapshots,
      ReplicatedState state,
      RaftCodec codec,
      FaultHandler faults,
      LongSupplier appliedIndex,
      long snapshotIndex,
      @Nullable RecoveredReplica recovered,
      List<LogEntry> recoveredEntries) {
    this.log = log;
    this.snapshots = snapshots;
    this.state = state;
    this.codec = codec;
    this.faults = faults;
    this.appliedIndex = appliedIndex;
    this.onDiskEntries = new ArrayList<>(recoveredEntries);
    this.firstHeld = snapshotIndex + 1;
    this.lastIndex = Math.max(snapshotIndex, log.lastIndex());
    if (recovered != null) {
      this.initialMembers = recovered.initialMembers();
      for (RecoveredEntry entry : recovered.entries()) {
        bytesSinceSnapshot += entry.index() > snapshotIndex ? entry.length() : 0;
      }
    }
  }

  long termRecordPosition() {
    return termRecordPosition;
  }

  long firstHeld() {
    return firstHeld;
  }

  long lastIndex() {
    return lastIndex;
  }

  /** Bytes of entries behind the newest snapshot, durable or not, as far as we wrote them. */
  long bytesSinceSnapshot() {
    return bytesSinceSnapshot;
  }

  @Override
  public void persistAndFlushLocalEndpoint(RaftEndpointPersistentState endpoint) {
    guarded(
        "write the endpoint",
        () -> {
          byte[] id = codec.encodeEndpoint(endpoint.getLocalEndpoint());
          byte[] bytes = new byte[id.length + 1];
          System.arraycopy(id, 0, bytes, 1, id.length);
          // Kept for people who read the log; recovery computes it from the members (MICRORAFT
          // B15).
          bytes[0] = (byte) (endpoint.isVoting() ? 1 : 0);
          log.writeEndpoint(bytes);
        });
  }

  @Override
  public void persistAndFlushInitialGroupMembers(RaftGroupMembersView members) {
    guarded(
        "write the initial members",
        () -> {
          byte[] bytes = codec.encodeView(members);
          // MicroRaft repeats them at every start.
          if (!java.util.Arrays.equals(bytes, initialMembers)) {
            log.writeInitialMembers(bytes);
            initialMembers = bytes;
          }
        });
  }

  @Override
  public void persistAndFlushTerm(RaftTermPersistentState term) {
    guarded(
        "write the term",
        () -> {
          log.writeTerm(
              term.getTerm(),
              term.getVotedFor() == null ? null : codec.encodeEndpoint(term.getVotedFor()));
          termRecordPosition = log.lastPosition();
        });
  }

  @Override
  public void persistLogEntries(List<LogEntry> entries) {
    guarded(
        "append entries",
        () -> {
          for (LogEntry entry : entries) {
            append(entry);
          }
        });
  }

  private void append(LogEntry entry) {
    assert entry.getIndex() == lastIndex + 1 : "entry " + entry.getIndex() + " after " + lastIndex;
    if (entry.getOperation() instanceof LogBytes payload) {
      byte[] bytes = payload.bytes();
      log.appendEntry(entry.getIndex(), entry.getTerm(), bytes);
      payload.appended(entry.getIndex(), log);
      state.appended(bytes);
      bytesSinceSnapshot += bytes.length;
    } else {
      byte[] op = codec.encodeMembersOp((UpdateRaftGroupMembersOp) entry.getOperation());
      byte[] bytes = new byte[op.length + 1];
      bytes[0] = MEMBERS_OP;
      System.arraycopy(op, 0, bytes, 1, op.length);
      log.appendEntry(entry.getIndex(), entry.getTerm(), bytes);
    }
    lastIndex = entry.getIndex();
    leaveOnDisk(entry);
  }

  /**
   * After a start an entry is received for each that is applied, and as many as the log then holds
   * would gather in memory: while many of them are still to be applied, what comes behind them is
   * left to the log as they are.
   */
  private void leaveOnDisk(LogEntry entry) {
    int last = onDiskEntries.size() - 1;
    if (last < 0
        || onDiskEntries.get(last).getIndex() - appliedIndex.getAsLong() < MOST_UNAPPLIED_ENTRIES) {
      return;
    }
    assert entry.getIndex() == onDiskEntries.get(last).getIndex() + 1;
    onDiskEntries.add(entry);
    if (entry.getOperation() instanceof LogBytes payload) {
      payload.drop();
    }
  }

  @Override
  public void truncateLogEntriesFrom(long index) {
    guarded(
        "truncate the log's tail",
        () -> {
          keepFrom(index);
          log.truncateFrom(index);
          lastIndex = index - 1;
        });
  }

  /**
   * The log is cut in front of {@code index}. A message of a term of leadership that is over by now
   * may still wait for the disk and be written when other entries have these indexes: it must say
   * what it said.
   */
  private void keepFrom(long index) {
    int kept = onDiskEntries.size();
    while (kept > 0 && onDiskEntries.get(kept - 1).getIndex() >= index) {
      kept--;
      if (onDiskEntries.get(kept).getOperation() instanceof LogBytes payload) {
        payload.keep();
      }
    }
    onDiskEntries.subList(kept, onDiskEntries.size()).clear();
  }

  private void forgetUntil(long index) {
    int gone = 0;
    while (gone < onDiskEntries.size() && onDiskEntries.get(gone).getIndex() <= index) {
      gone++;
    }
    onDiskEntries.subList(0, gone).clear();
  }

  @Override
  public void persistSnapshotChunk(SnapshotChunk chunk) {
    guarded("keep a snapshot chunk", () -> snapshots.chunk(chunk));
  }

  @Override
  public void truncateLogEntriesUntil(long index) {
    guarded(
        "truncate the log's head",
        () -> {
          snapshots.replaceLog(index);
          bytesSinceSnapshot = 0;
          forgetUntil(index);
          firstHeld = Math.max(firstHeld, index + 1);
          lastIndex = Math.max(lastIndex, index);
        });
  }

  @Override
  public void deleteSnapshotChunks(long index, int chunkCount) {
    guarded("drop a half-done download", () -> snapshots.dropDownload(index));
  }

  @Override
  public void flush() {}

  private void guarded(String what, Runnable action) {
    try {
      action.run();
    } catch (Throwable failure) {
      faults.fault("could not " + what, failure);
    }
  }
}
