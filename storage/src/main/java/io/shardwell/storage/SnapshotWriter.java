package io.shardwell.storage;

/** Writes one snapshot. Loop thread only; the file work is done off the loop, in order. */
public final class SnapshotWriter {
  SnapshotWriter() {}

  /** In any order; synced as they arrive. A chunk that was given before is ignored. */
  public void write(int chunk, byte[] bytes) {
    Pending.value();
  }

  /** Whether the chunk was given to {@link #write}; it need not be durable yet. */
  public boolean isWritten(int chunk) {
    return Pending.value();
  }

  /**
   * After all chunks were given: writes the manifest when every chunk and the log's announcement of
   * this snapshot ({@link ReplicaLog#writeSnapshotIntent} or {@link ReplicaLog#writeInstallBegin},
   * required before this call) are durable, then runs {@code onDurable} on the loop.
   */
  public void commit(Runnable onDurable) {
    Pending.value();
  }

  /** Removes what there is; the writer is of no use afterwards. Not after {@link #commit}. */
  public void abandon() {
    Pending.value();
  }
}
