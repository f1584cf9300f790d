package io.shardwell.storage;

import io.shardwell.storage.SnapshotFiles.Complete;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Writes one snapshot. Loop thread only; the file work is done off the loop, in order, and behind
 * what the log has to write. Whatever must come after it waits for its completion: that its turn in
 * the disk's queue came earlier says nothing about a turn of the log.
 */
public final class SnapshotWriter {
  private final SnapshotStore store;
  private final DiskWork work;
  private final SharedLog log;
  private final SnapshotManifest manifest;

  private final BitSet given = new BitSet();
  private final BitSet durableChunks = new BitSet();
  // Bytes of chunks that are yet to be given, as announced.
  private long outstandingBytes;
  // Written by the disk's thread in a chunk's operation, read by it in the manifest's, which is
  // later.
  private final int[] lengths;
  private final int[] crcs;

  private @Nullable Runnable onDurable;
  // The log's announcement of this snapshot is durable.
  private boolean announced;
  private boolean ended;

  SnapshotWriter(
      SnapshotStore store,
      DiskWork work,
      SharedLog log,
      SnapshotManifest manifest,
      long outstandingBytes) {
    this.store = store;
    this.work = work;
    this.log = log;
    this.manifest = manifest;
    this.outstandingBytes = outstandingBytes;
    this.lengths = new int[manifest.chunkCount()];
    this.crcs = new int[manifest.chunkCount()];
  }

  public SnapshotManifest manifest() {
    return manifest;
  }

  boolean isOf(SnapshotManifest other) {
    return manifest.group() == other.group() && manifest.index() == other.index();
  }

  /**
   * Writes and syncs a chunk, in any order; one that was given before is ignored.
   *
   * @param bytes kept until written: must not change
   * @param onChunkDurable runs on the loop when {@link SnapshotStore#readChunk} can read it; not if
   *     it was given before, nor after {@link #abandon}
   */
  public void write(int chunk, byte[] bytes, Runnable onChunkDurable) {
    assert chunk >= 0 && chunk < manifest.chunkCount() : chunk;
    assert !ended : "abandoned or complete";
    if (given.get(chunk)) {
      return;
    }
    given.set(chunk);
    long announced = Math.min(outstandingBytes, bytes.length);
    outstandingBytes -= announced;
    store.given(bytes.length - announced);
    work.submitBehind(
        "write chunk " + chunk + " of " + describe(),
        () -> {
          lengths[chunk] = bytes.length;
          crcs[chunk] = SnapshotFiles.chunkCrc(manifest, chunk, bytes);
          SnapshotFiles.writeChunk(work.disk(), manifest, chunk, bytes, crcs[chunk]);
        },
        () -> {
          durableChunks.set(chunk);
          if (!ended) {
            onChunkDurable.run();
            writeManifestIfReady();
          }
        });
  }

  long outstandingBytes() {
    return outstandingBytes;
  }

  /** What the manifest would say now, for chunks that are durable already. */
  Complete soFar() {
    return new Complete(manifest, lengths, crcs);
  }

  boolean isDurable(int chunk) {
    return durableChunks.get(chunk);
  }

  /** Whether the chunk was given to {@link #write}; it need not be durable yet. */
  public boolean isWritten(int chunk) {
    return given.get(chunk);
  }

  /**
   * After all chunks were given: writes the manifest when every chunk and the log's announcement of
   * this snapshot ({@link ReplicaLog#writeSnapshotIntent} or {@link ReplicaLog#writeInstallBegin},
   * required before this call) are durable, then runs {@code onDurable} on the loop.
   *
   * <p>The announcement first, because recovery trusts a manifest: one that the log knows nothing
   * of would stand beside a log that does not reach it.
   */
  public void commit(Runnable newOnDurable) {
    assert given.cardinality() == manifest.chunkCount() : "chunks are missing";
    assert onDurable == null && !ended;
    onDurable = newOnDurable;
    outstandingBytes = 0;
    log.whenSynced(
        log.replica(manifest.group()).announcedPosition(manifest),
        () -> {
          announced = true;
          writeManifestIfReady();
        });
  }

  private void writeManifestIfReady() {
    Runnable durable = onDurable;
    if (ended
        || !announced
        || durable == null
        || durableChunks.cardinality() < manifest.chunkCount()) {
      return;
    }
    Complete complete = new Complete(manifest, lengths, crcs);
    work.submitBehind(
        "write the manifest of " + describe(),
        () -> SnapshotFiles.writeManifest(work.disk(), complete),
        () -> {
          if (!ended) {
            ended = true;
            store.completed(this, complete);
            durable.run();
          }
        });
  }

  /**
   * Gives the snapshot up and removes its files; nothing happens if it is complete. {@code
   * onDurable} does not run afterwards.
   */
  public void abandon() {
    if (!ended) {
      ended = true;
      store.abandoned(this);
      store.deleteFiles(manifest);
    }
  }

  private String describe() {
    return "snapshot " + manifest.index() + " of group " + manifest.group();
  }
}
