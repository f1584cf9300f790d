package io.shardwell.raftgroup.replica;

import io.shardwell.storage.MemoryDisk;
import io.shardwell.storage.NodeStorage;
import io.shardwell.storage.SnapshotManifest;
import io.shardwell.storage.StorageLimits;
import java.io.IOException;
import java.util.Random;

/** A chunk whose file went with its snapshot, for tests of who still has its name. */
public final class GoneChunk {
  private GoneChunk() {}

  /** Chunk 0 of a snapshot that the storage has not. */
  public static ChunkBytes create() {
    try {
      NodeStorage storage =
          NodeStorage.open(
              new MemoryDisk((task, delay) -> {}, new Random(1), new MemoryDisk.Behaviour()),
              StorageLimits.SMALL,
              (what, cause) -> {
                throw new AssertionError(what, cause);
              });
      return new ChunkBytes(0, storage.snapshots(), new SnapshotManifest(4, 9, 1, new byte[0], 2));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
