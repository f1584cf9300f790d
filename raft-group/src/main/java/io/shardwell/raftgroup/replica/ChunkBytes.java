package io.shardwell.raftgroup.replica;

import io.shardwell.storage.SnapshotManifest;
import io.shardwell.storage.SnapshotStore;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One snapshot chunk, as MicroRaft holds it for as long as the snapshot is the newest: a name for a
 * chunk that is yet to be written, its bytes until its file is durable, afterwards a name for the
 * file (MICRORAFT B10). Loop thread only.
 */
public final class ChunkBytes {

  // At most one of bytes and store is there; none while the chunk is yet to be written.
  private byte @Nullable [] bytes;
  private final int chunk;
  private @Nullable SnapshotStore store;
  private @Nullable SnapshotManifest manifest;

  // Invariant: empty once the chunk is written.
  private final List<Runnable> whenWritten = new ArrayList<>(0);

  /** A chunk that is yet to be written. */
  ChunkBytes(int chunk) {
    this.chunk = chunk;
  }

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

  /** Whether {@link #bytes} has an answer. */
  boolean isWritten() {
    return bytes != null || store != null;
  }

  /**
   * Whether {@link #bytes} has an answer still: the file goes when a newer snapshot takes the place
   * of this one, and a message that names the chunk may leave later than that.
   */
  public boolean isThere() {
    SnapshotStore source = store;
    SnapshotManifest named = manifest;
    return bytes != null || (source != null && named != null && source.hasChunk(named, chunk));
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
      throw new IllegalStateException("snapshot chunk " + chunk + " is not written yet");
    }
    return source.readChunk(named, chunk);
  }

  /** Runs the action once, when the chunk is written; never if its snapshot is given up first. */
  void whenWritten(Runnable action) {
    assert !isWritten() : "chunk " + chunk + " is there";
    whenWritten.add(action);
  }

  /** The chunk is written, but not yet to its file. */
  void written(byte[] newBytes) {
    assert !isWritten() : "chunk " + chunk + " twice";
    bytes = newBytes;
    List<Runnable> actions = List.copyOf(whenWritten);
    whenWritten.clear();
    actions.forEach(Runnable::run);
  }

  /** The file is durable: the memory can go. */
  void moveToFile(SnapshotStore newStore, SnapshotManifest newManifest) {
    store = newStore;
    manifest = newManifest;
    bytes = null;
  }
}
