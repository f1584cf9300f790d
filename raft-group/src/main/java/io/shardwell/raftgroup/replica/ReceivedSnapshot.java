package io.shardwell.raftgroup.replica;

import io.microraft.model.log.SnapshotChunk;
import io.shardwell.storage.SnapshotManifest;
import io.shardwell.storage.SnapshotStore;
import io.shardwell.storage.SnapshotWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A foreign snapshot on its way to files and, beside the state, into the map that will replace it.
 * Its chunks are read as they arrive, so that nothing is left to do when the last one is here. They
 * may arrive in any order; those that wait for an earlier one are in files. Loop thread only.
 */
final class ReceivedSnapshot {

  private final SnapshotManifest manifest;
  private final SnapshotStore store;
  private final SnapshotWriter writer;
  private final SnapshotShadow shadow;
  private final @Nullable ChunkBytes[] chunks;
  // Invariant: received chunks are not null; the first `read` of them are in the shadow.
  private int received;
  private int read;

  ReceivedSnapshot(SnapshotManifest manifest, SnapshotStore store, SnapshotShadow shadow) {
    this.manifest = manifest;
    this.store = store;
    this.writer = store.begin(manifest);
    this.shadow = shadow;
    this.chunks = new ChunkBytes[manifest.chunkCount()];
  }

  SnapshotManifest manifest() {
    return manifest;
  }

  /** A chunk that was not here yet. */
  void add(SnapshotChunk chunk) {
    int number = chunk.getSnapshotChunkIndex();
    ChunkBytes bytes = (ChunkBytes) chunk.getOperation();
    assert chunks[number] == null : "chunk " + number + " twice";
    chunks[number] = bytes;
    received++;
    writer.write(number, bytes.bytes(), () -> bytes.moveToFile(store, manifest));
    while (read < chunks.length) {
      ChunkBytes next = chunks[read];
      if (next == null) {
        break;
      }
      shadow.add(next.bytes());
      read++;
    }
  }

  boolean isComplete() {
    return received == chunks.length;
  }

  /** The state, to take the place of the old one; complete. */
  SnapshotShadow shadow() {
    assert read == chunks.length;
    return shadow;
  }

  /** After the announcement of the install: makes it durable. */
  void commit(Runnable onDurable) {
    writer.commit(onDurable);
  }

  void abandon() {
    writer.abandon();
  }

  /** Reads a snapshot whose chunks are all there, one at a time. */
  static void readAll(SnapshotShadow shadow, List<ChunkBytes> chunks) {
    for (ChunkBytes chunk : chunks) {
      shadow.add(chunk.bytes());
    }
    shadow.replaceState();
  }
}
