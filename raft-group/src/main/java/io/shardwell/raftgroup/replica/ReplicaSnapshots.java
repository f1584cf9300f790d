package io.shardwell.raftgroup.replica;

import io.microraft.model.log.SnapshotChunk;
import io.shardwell.raftgroup.wire.RaftCodec;
import io.shardwell.storage.ReplicaLog;
import io.shardwell.storage.SnapshotManifest;
import io.shardwell.storage.SnapshotStore;
import io.shardwell.storage.SnapshotWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a replica's snapshots become files (DESIGN 9).
 *
 * <p><em>Taking.</em> MicroRaft believes a snapshot durable when its flush returns. It is not yet,
 * but the log it replaces still is: a record of the intended snapshot precedes the truncation, and
 * the truncation is obeyed only when the files and their manifest are synced.
 *
 * <p><em>Installing.</em> Here nothing lies below. A begin record says so, and every message of the
 * replica is held until the downloaded files are durable: a crash before that cuts the state back
 * to the record, which nobody can tell from a crash before the install. MicroRaft keeps entries
 * behind the snapshot that it already had; they are written again behind it.
 *
 * <p>Loop thread only.
 */
final class ReplicaSnapshots {

  /** One snapshot on its way to disk. */
  private record Course(SnapshotManifest manifest, SnapshotWriter writer, List<ChunkBytes> chunks) {

    void inFiles(SnapshotStore store) {
      for (ChunkBytes chunk : chunks) {
        chunk.moveToFile(store, manifest);
      }
    }
  }

  private final int group;
  private final ReplicaLog log;
  private final SnapshotStore store;
  private final HeldMessages held;
  private final RaftCodec codec;

  /** Index of the snapshot that MicroRaft is taking of us at the moment, or of the last one. */
  private long takenIndex;

  private @Nullable Course taking;
  private @Nullable Course receiving;

  // Invariant: no truncation above an index is obeyed before the snapshot there is durable.
  private long truncateUntil;

  // The newest snapshot in MicroRaft's memory.
  private long snapshotIndex;
  private int snapshotTerm;

  private boolean installing;

  ReplicaSnapshots(
      int group, ReplicaLog log, SnapshotStore store, HeldMessages held, RaftCodec codec) {
    this.group = group;
    this.log = log;
    this.store = store;
    this.held = held;
    this.codec = codec;
  }

  /** What recovery hands to MicroRaft. */
  void restored(long index, int term) {
    snapshotIndex = index;
    snapshotTerm = term;
  }

  /** Recovery took a snapshot again that had been intended but whose files were not complete. */
  void takeAgain(SnapshotManifest manifest, List<ChunkBytes> chunks) {
    restored(manifest.index(), manifest.term());
    takenIndex = manifest.index();
    truncateUntil = manifest.index();
    log.writeSnapshotIntent(
        manifest.index(), manifest.term(), manifest.membersView(), manifest.chunkCount());
    Course course = new Course(manifest, store.begin(manifest), chunks);
    taking = course;
    for (int i = 0; i < chunks.size(); i++) {
      course.writer.write(i, chunks.get(i).bytes());
    }
    course.writer.commit(() -> takenIsDurable(course));
  }

  long snapshotIndex() {
    return snapshotIndex;
  }

  int snapshotTerm() {
    return snapshotTerm;
  }

  /** Whether a snapshot of our own is being written. */
  boolean isTaking() {
    return taking != null;
  }

  /** Whether a snapshot is being written or fetched. */
  boolean isBusy() {
    return taking != null || installing;
  }

  /** MicroRaft takes a snapshot of this replica; its chunks follow within the same call. */
  void begin(long index) {
    takenIndex = index;
  }

  /** A chunk of the snapshot being taken, or of one being fetched. */
  void chunk(SnapshotChunk chunk) {
    if (chunk.getIndex() == takenIndex) {
      taken(chunk);
    } else {
      received(chunk);
    }
  }

  private void taken(SnapshotChunk chunk) {
    Course course = taking;
    if (course == null || course.manifest.index() != chunk.getIndex()) {
      if (course != null) {
        course.writer.abandon();
      }
      SnapshotManifest manifest = manifest(chunk);
      log.writeSnapshotIntent(
          manifest.index(), manifest.term(), manifest.membersView(), manifest.chunkCount());
      course = new Course(manifest, store.begin(manifest), new ArrayList<>());
      taking = course;
    }
    add(course, chunk);
    if (course.chunks.size() == course.manifest.chunkCount()) {
      Course complete = course;
      complete.writer.commit(() -> takenIsDurable(complete));
    }
  }

  private void takenIsDurable(Course course) {
    if (taking == null || taking.manifest.index() != course.manifest.index()) {
      return; // A newer one took its place.
    }
    taking = null;
    course.inFiles(store);
    truncate();
    store.deleteOlderThan(group, course.manifest.index());
  }

  private void truncate() {
    if (truncateUntil >= log.firstIndex()) {
      log.truncateUntil(truncateUntil);
    }
  }

  private void received(SnapshotChunk chunk) {
    Course course = receiving;
    if (course == null || course.manifest.index() != chunk.getIndex()) {
      if (course != null) {
        course.writer.abandon();
      }
      SnapshotManifest manifest = manifest(chunk);
      course = new Course(manifest, store.begin(manifest), new ArrayList<>());
      receiving = course;
    }
    add(course, chunk);
  }

  private static void add(Course course, SnapshotChunk chunk) {
    ChunkBytes bytes = (ChunkBytes) chunk.getOperation();
    course.chunks.add(bytes);
    course.writer.write(chunk.getSnapshotChunkIndex(), bytes.bytes());
  }

  private SnapshotManifest manifest(SnapshotChunk chunk) {
    return new SnapshotManifest(
        group,
        chunk.getIndex(),
        chunk.getTerm(),
        codec.encodeView(chunk.getGroupMembersView()),
        chunk.getSnapshotChunkCount());
  }

  /** MicroRaft gives up a download. */
  void dropDownload(long index) {
    Course course = receiving;
    if (course != null && course.manifest.index() == index) {
      course.writer.abandon();
      receiving = null;
    }
  }

  /**
   * MicroRaft drops its log up to this index, because a snapshot at or above it replaces it: its
   * own, or one it fetched.
   */
  void replaceLog(long index) {
    Course fetched = receiving;
    if (fetched != null
        && fetched.manifest.index() == index
        && fetched.chunks.size() == fetched.manifest.chunkCount()
        && takenIndex != index) {
      receiving = null;
      install(fetched);
      return;
    }
    truncateUntil = index;
    Course course = taking;
    if (course == null) {
      // The files may already be durable: an immediate disk, as in tests.
      snapshotIndex = takenIndex;
      snapshotTerm = log.termOf(takenIndex);
      truncate();
    } else {
      snapshotIndex = course.manifest.index();
      snapshotTerm = course.manifest.term();
    }
  }

  private void install(Course course) {
    Course interrupted = taking;
    if (interrupted != null) {
      interrupted.writer.abandon();
      taking = null;
    }
    SnapshotManifest manifest = course.manifest;
    List<byte[]> keptPayloads = new ArrayList<>();
    List<Integer> keptTerms = new ArrayList<>();
    for (long i = manifest.index() + 1; i <= log.lastIndex(); i++) {
      keptTerms.add(log.termOf(i));
      keptPayloads.add(log.readEntry(i));
    }
    log.writeInstallBegin(
        manifest.index(), manifest.term(), manifest.membersView(), manifest.chunkCount());
    log.discardLog(manifest.index());
    for (int i = 0; i < keptTerms.size(); i++) {
      log.appendEntry(manifest.index() + 1 + i, keptTerms.get(i), keptPayloads.get(i));
    }
    snapshotIndex = manifest.index();
    snapshotTerm = manifest.term();
    truncateUntil = 0;
    installing = true;
    held.installing(true);
    course.writer.commit(
        () -> {
          course.inFiles(store);
          store.deleteOlderThan(group, manifest.index());
          installing = false;
          held.installing(false);
        });
  }
}
