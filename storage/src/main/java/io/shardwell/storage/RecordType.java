package io.shardwell.storage;

import org.jspecify.annotations.Nullable;

/** What a log record says about its group. Codes are part of the format: never reused. */
enum RecordType {
  /** Entry (index, term), body its payload. */
  ENTRY(1),
  /** Entries at and above index are gone. */
  TRUNCATE_FROM(2),
  /** Entries at and below index are covered by a snapshot. */
  TRUNCATE_UNTIL(3),
  /** Term, and the vote in it: body if index is 1, none if it is 0. */
  TERM(4),
  /** Body: state of the local endpoint. */
  ENDPOINT(5),
  /** Body: initial members. */
  INITIAL_MEMBERS(6),
  /** A snapshot of its own at (index, term) is being written; body as in SnapshotFiles. */
  SNAPSHOT_INTENT(7),
  /** A foreign snapshot at (index, term) begins to change the replica. */
  INSTALL_BEGIN(8),
  /** The log is empty and goes on behind index. */
  DISCARD_LOG(9),
  /** The group left this node. */
  FORGET(10),
  /** Written by recovery: what the newest INSTALL_BEGIN began is taken back. */
  INSTALL_ABORTED(11),
  /** As many CHECKPOINT records as index says follow: the state of every group. */
  CHECKPOINT_START(12),
  /** Everything about the group but its entries, as of here; body as in ReplicaState. */
  CHECKPOINT(13),
  /**
   * The entry (index, term) that the group holds already, appended once more behind younger ones,
   * so that the segment it was in can go. Body: its payload.
   */
  MOVED(14);

  private static final @Nullable RecordType[] BY_CODE = new RecordType[16];

  static {
    for (RecordType type : values()) {
      BY_CODE[type.code] = type;
    }
  }

  private final byte code;

  RecordType(int code) {
    this.code = (byte) code;
  }

  byte code() {
    return code;
  }

  boolean isCheckpoint() {
    return this == CHECKPOINT_START || this == CHECKPOINT;
  }

  static @Nullable RecordType of(byte code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
  }
}
