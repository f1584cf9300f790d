package io.shardwell.storage;

/** Snapshot files: chunk files, and a manifest last, each with its CRC32C. Loop thread only. */
public final class SnapshotStore {
  SnapshotStore() {}

  /** Starts a snapshot above the group's newest complete one. Left-overs of it are removed. */
  public SnapshotWriter begin(SnapshotManifest manifest) {
    return Pending.value();
  }

  /** Bytes of a chunk of a complete snapshot. Blocking read; damage goes to the FaultHandler. */
  public byte[] readChunk(SnapshotManifest manifest, int chunk) {
    return Pending.value();
  }

  /** Asynchronous. Never the newest complete one, never one being written. */
  public void deleteOlderThan(int group, long index) {
    Pending.value();
  }

  /** Asynchronous; after {@link ReplicaLog#forget}, once that is durable. */
  public void deleteAll(int group) {
    Pending.value();
  }
}
