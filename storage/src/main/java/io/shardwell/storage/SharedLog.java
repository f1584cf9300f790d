package io.shardwell.storage;

/** The write-ahead log of one loop, for all its groups (a group is a shard or {@code meta}). */
public final class SharedLog {
  /** Largest group id. */
  public static final int MAX_GROUP = 65535;

  SharedLog() {}

  /** The group's part of the log; created empty if the group is new. */
  public ReplicaLog replica(int group) {
    return Pending.value();
  }

  /** Logical byte position behind the last appended record. Grows for ever within a process. */
  public long appendedPosition() {
    return Pending.value();
  }

  /** Everything at or below is durable. Equal to {@link #appendedPosition} after recovery. */
  public long syncedPosition() {
    return Pending.value();
  }

  public boolean hasUnsynced() {
    return Pending.value();
  }

  public boolean syncInFlight() {
    return Pending.value();
  }

  /**
   * If the log is idle and something is buffered: hands the buffer to the disk as one turn (one
   * append, one fdatasync). When it completes, on the loop, {@link #syncedPosition} advances and
   * the listener runs. Errors go to the FaultHandler, and nothing completes afterwards.
   *
   * @return whether a turn was started
   */
  public boolean startSync() {
    return Pending.value();
  }

  /** Set once. */
  public void onSynced(Runnable listener) {
    Pending.value();
  }

  /**
   * For a loop that has been idle for a while (a second, say): writes a turn without records that
   * says the last one is known synced, so that rot in it can be told from a torn write. Does
   * nothing if that is on disk already, or if something is buffered or under way.
   *
   * @return whether a turn was started
   */
  public boolean startIdleMark() {
    return Pending.value();
  }

  /** Bytes used in the live segments. */
  public long logBytes() {
    return Pending.value();
  }
}
