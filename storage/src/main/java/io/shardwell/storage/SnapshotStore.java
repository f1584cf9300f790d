package io.shardwell.storage;

import io.shardwell.storage.SnapshotFiles.Complete;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Snapshot files: chunk files, and a manifest last, each with its CRC32C. Loop thread only. */
public final class SnapshotStore {
  private final DiskWork work;
  private final SharedLog log;
  // By group, then index: snapshots with a durable manifest whose deletion was not begun.
  private final Map<Integer, NavigableMap<Long, Complete>> complete = new TreeMap<>();
  private final List<SnapshotWriter> writers = new ArrayList<>();
  private long givenBytes;

  SnapshotStore(DiskWork work, SharedLog log, Map<Integer, Complete> recovered) {
    this.work = work;
    this.log = log;
    recovered.values().forEach(this::add);
  }

  private void add(Complete snapshot) {
    SnapshotManifest manifest = snapshot.manifest();
    of(manifest.group()).put(manifest.index(), snapshot);
    log.replica(manifest.group()).snapshotDurable(manifest);
  }

  private NavigableMap<Long, Complete> of(int group) {
    return complete.computeIfAbsent(group, g -> new TreeMap<>());
  }

  private @Nullable Complete newest(int group) {
    Map.Entry<Long, Complete> newest = of(group).lastEntry();
    return newest == null ? null : newest.getValue();
  }

  /** Starts writing a snapshot above the group's newest complete one, all of it soon. */
  public SnapshotWriter begin(SnapshotManifest manifest) {
    return begin(manifest, 0);
  }

  /**
   * Starts writing a snapshot above the group's newest complete one, little by little.
   *
   * @param mostBytes how long its chunks will be together, at most: {@link
   *     NodeStorage#writtenBytes} counts them from now on, so that nobody takes for free what they
   *     will need
   */
  public SnapshotWriter begin(SnapshotManifest manifest, long mostBytes) {
    Complete newest = newest(manifest.group());
    assert newest == null || manifest.index() > newest.manifest().index()
        : manifest.index() + " is not above the newest complete snapshot";
    assert writers.stream().noneMatch(w -> w.isOf(manifest)) : manifest.index() + " is under way";
    SnapshotWriter writer = new SnapshotWriter(this, work, log, manifest, mostBytes);
    writers.add(writer);
    given(mostBytes);
    return writer;
  }

  /**
   * Bytes of a durable chunk, of a snapshot that is complete or being written. Blocking read.
   * Damage and I/O errors go to the FaultHandler.
   *
   * @throws IllegalStateException after a fault, where the handler returns
   */
  public byte[] readChunk(SnapshotManifest manifest, int chunk) {
    Complete snapshot = of(manifest.group()).get(manifest.index());
    if (snapshot == null) {
      snapshot = beingWritten(manifest, chunk);
    }
    if (snapshot == null) {
      throw new IllegalArgumentException(
          "group " + manifest.group() + " has no chunk " + chunk + " at " + manifest.index());
    }
    try {
      return SnapshotFiles.readChunk(work.disk(), snapshot, chunk);
    } catch (IOException e) {
      String what = "cannot read chunk " + chunk + " of a snapshot: " + e.getMessage();
      work.fail(what, e);
      throw new IllegalStateException(what, e);
    }
  }

  /** Whether {@link #readChunk} finds the chunk: a newer snapshot may have taken its place. */
  public boolean hasChunk(SnapshotManifest manifest, int chunk) {
    return of(manifest.group()).containsKey(manifest.index())
        || beingWritten(manifest, chunk) != null;
  }

  private @Nullable Complete beingWritten(SnapshotManifest manifest, int chunk) {
    for (SnapshotWriter writer : writers) {
      if (writer.isOf(manifest) && writer.isDurable(chunk)) {
        return writer.soFar();
      }
    }
    return null;
  }

  /**
   * Deletes complete snapshots below {@code index}; asynchronous. Never the newest complete one.
   */
  public void deleteOlderThan(int group, long index) {
    Complete newest = newest(group);
    if (newest == null) {
      return;
    }
    long limit = Math.min(index, newest.manifest().index());
    delete(List.copyOf(of(group).headMap(limit, false).values()));
  }

  /**
   * Deletes all snapshots of a group; asynchronous. After {@link ReplicaLog#forget}, once that is
   * durable; the group may come back only when this is done.
   */
  public void deleteAll(int group) {
    ReplicaLog replica = log.replica(group);
    assert replica.isPurging() : "group " + group + " was not forgotten";
    for (SnapshotWriter writer : List.copyOf(writers)) {
      if (writer.manifest().group() == group) {
        writer.abandon();
      }
    }
    log.whenSynced(
        replica.lastPosition(),
        () -> {
          delete(List.copyOf(of(group).values()));
          work.submitBehind("finish deleting group " + group, () -> {}, replica::purged);
        });
  }

  private void delete(List<Complete> snapshots) {
    for (Complete snapshot : snapshots) {
      SnapshotManifest manifest = snapshot.manifest();
      of(manifest.group()).remove(manifest.index());
      deleteFiles(manifest);
    }
  }

  void deleteFiles(SnapshotManifest manifest) {
    int group = manifest.group();
    long index = manifest.index();
    work.submitBehind(
        "delete snapshot " + index + " of group " + group,
        () -> SnapshotFiles.delete(work.disk(), group, index, manifest.chunkCount()),
        () -> {});
  }

  void given(long bytes) {
    givenBytes += bytes;
  }

  /** Bytes of chunks announced and not yet handed to the disk. */
  long outstandingBytes() {
    return writers.stream().mapToLong(SnapshotWriter::outstandingBytes).sum();
  }

  /** Bytes of chunks announced or handed to the disk. */
  long givenBytes() {
    return givenBytes;
  }

  void completed(SnapshotWriter writer, Complete snapshot) {
    writers.remove(writer);
    add(snapshot);
  }

  void abandoned(SnapshotWriter writer) {
    writers.remove(writer);
  }
}
