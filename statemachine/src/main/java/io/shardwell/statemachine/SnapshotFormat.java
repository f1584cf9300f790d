package io.shardwell.statemachine;

/**
 * The layout of snapshots: a stream of records cut into chunks between records. Each chunk begins
 * with the version and its number from 0. The first record is the header, the last the end; in
 * between stand sessions, each followed by its remembered replies from the oldest on, tombstones,
 * what is remembered of removed keys, and entries in the order of their hashes.
 */
final class SnapshotFormat {
  static final int VERSION = 3;

  static final int HEADER = 1;
  static final int SESSION = 2;
  static final int REPLIES = 3;
  static final int REPLIES_GONE = 4;
  static final int TOMBSTONE = 5;
  static final int ENTRY = 6;
  static final int END = 7;
  static final int REMOVALS = 8;

  private SnapshotFormat() {}
}
