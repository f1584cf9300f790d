package io.shardwell.storage;

import org.jspecify.annotations.Nullable;

/**
 * One group's records in the shared log. Every call appends to the loop's one buffer, in order, and
 * nothing overtakes it: flags, votes and entries become durable in the order they were written.
 * Nothing here blocks but {@link #readEntry}. Byte arrays are copied.
 */
public final class ReplicaLog {
  ReplicaLog() {}

  /** {@code index} must be {@code lastIndex() + 1}. */
  public void appendEntry(long index, int term, byte[] payload) {
    Pending.value();
  }

  /** Drops the entries at and above {@code index}. */
  public void truncateFrom(long index) {
    Pending.value();
  }

  /** Drops the entries at and below {@code index}; a durable snapshot at or above must exist. */
  public void truncateUntil(long index) {
    Pending.value();
  }

  public void writeTerm(int term, byte @Nullable [] votedFor) {
    Pending.value();
  }

  public void writeEndpoint(byte[] endpointState) {
    Pending.value();
  }

  public void writeInitialMembers(byte[] members) {
    Pending.value();
  }

  /**
   * Announces a snapshot that this replica takes of itself. Must come before {@link
   * SnapshotWriter#commit} of it. A newer one replaces it.
   */
  public void writeSnapshotIntent(long index, int term, byte[] membersView, int chunkCount) {
    Pending.value();
  }

  /**
   * Announces that a foreign snapshot begins to change this replica. Must come before {@link
   * #discardLog} and before {@link SnapshotWriter#commit} of it. If a crash comes before its files
   * are complete, everything of this replica from here on is forgotten but term and vote.
   */
  public void writeInstallBegin(long index, int term, byte[] membersView, int chunkCount) {
    Pending.value();
  }

  /** The whole log is replaced by the snapshot being installed; next is {@code index + 1}. */
  public void discardLog(long snapshotIndex) {
    Pending.value();
  }

  /** Position of this replica's last record, 0 if it wrote none since the start. */
  public long lastPosition() {
    return Pending.value();
  }

  /**
   * Position of the record that wrote the entry which is at {@code index} now: durable if at or
   * below {@link SharedLog#syncedPosition}. Long.MAX_VALUE if there is no such entry.
   */
  public long positionOf(long index) {
    return Pending.value();
  }

  /** Index of the first entry held; {@code lastIndex() + 1} if there is none. */
  public long firstIndex() {
    return Pending.value();
  }

  /** Index of the last entry held or covered by a snapshot; 0 in a new log. */
  public long lastIndex() {
    return Pending.value();
  }

  /** Term of an entry held. */
  public int termOf(long index) {
    return Pending.value();
  }

  /** Payload of an entry held: from the buffer if not yet written, else a blocking read. */
  public byte[] readEntry(long index) {
    return Pending.value();
  }

  /** The group left this node: drops everything. Then call {@link SnapshotStore#deleteAll}. */
  public void forget() {
    Pending.value();
  }
}
