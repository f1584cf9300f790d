package io.shardwell.raftgroup.replica;

import io.shardwell.storage.ReplicaLog;
import io.shardwell.storage.SharedLog;

/**
 * Where a replica's entries lie in the loop's one log, and so which of them this process can no
 * longer lose. What a snapshot holds is as durable as its files; until those of one being installed
 * are, a crash takes back all that rests on it. Loop thread only.
 */
final class LogPositions {

  private final SharedLog sharedLog;
  private final ReplicaLog log;
  private final ReplicaSnapshots snapshots;

  LogPositions(SharedLog sharedLog, ReplicaLog log, ReplicaSnapshots snapshots) {
    this.sharedLog = sharedLog;
    this.log = log;
    this.snapshots = snapshots;
  }

  /**
   * Whether this process can no longer lose the entry at the index: by the record that wrote the
   * entry <em>now</em> there, never by a maximum over indexes, for a truncated tail would lie.
   */
  boolean isDurable(long index) {
    return !snapshots.isInstalling()
        && (index <= snapshots.snapshotIndex() || of(index) <= sharedLog.syncedPosition());
  }

  /** Of the record of the entry at the index; 0 if the snapshot has replaced it. */
  long of(long index) {
    return index < log.firstIndex() ? 0 : log.positionOf(index);
  }

  /** Of the replica's last record, whatever it says. */
  long last() {
    return log.lastPosition();
  }

  /** The term of the entry at the index, which the log or the snapshot ends with or holds. */
  int termOf(long index) {
    return index == snapshots.snapshotIndex() ? snapshots.snapshotTerm() : log.termOf(index);
  }
}
