package io.shardwell.raftgroup.replica;

import io.shardwell.storage.SnapshotManifest;
import io.shardwell.storage.SnapshotStore;
import org.jspecify.annotations.Nullable;

/**
 * One snapshot chunk, as MicroRaft holds it for as long as the snapshot is the newest: in memory
 * until its file is durable, afterwards only a name for the file (MICRORAFT B10). Loop thread only.
 */
public final class ChunkBytes {

  // Invariant: bytes != null, or store and manifest name a durable file.
  private byte @Nullable [] bytes;
  private final int chunk;
  private @Nullable SnapshotStore store;
  private @Nullable SnapshotManifest manifest;

  /** A chunk that is in memory. */
  public ChunkBytes(int chunk, byte[] bytes) {
    this.chunk = chunk;
    this.bytes = bytes;
  }

  /** A chunk that is in a file. */
  ChunkBytes(int chunk, SnapshotStore store, SnapshotManifest manifest) {
    this.chunk = chunk;
    this.store = store;
    this.manifest = manifest;
  }

  /** The bytes, read from the file where need be. Callers do not change them. */
  public byte[] bytes() {
    byte[] held = bytes;
    if (held != null) {
      return held;
    }
    SnapshotStore source = store;
    SnapshotManifest named = manifest;
    if (source == null || named == null) {
      throw new IllegalStateException("snapshot chunk without bytes or file");
    }
    return source.readChunk(named, chunk);
  }

  /** The file is durable: the memory can go. */
  void moveToFile(SnapshotStore newStore, SnapshotManifest newManifest) {
    store = newStore;
    manifest = newManifest;
    bytes = null;
  }
}
