package io.shardwell.raftgroup.replica;

import io.microraft.model.log.SnapshotChunk;
import io.shardwell.storage.ReplicaLog;
import io.shardwell.storage.SnapshotManifest;
import io.shardwell.storage.SnapshotStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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

  private final int group;
  private final ReplicaLog log;
  private final SnapshotStore store;
  private final HeldMessages held;
  private final LoopContext context;
  private final ReplicatedState state;

  /** Index of the snapshot that MicroRaft is taking of us at the moment, or of the last one. */
  private long takenIndex;

  // Not null from the freeze until the files are durable.
  private @Nullable TakenSnapshot taking;
  private @Nullable ReceivedSnapshot receiving;

  // The state that is to replace ours, between the exchange of the logs and that of the states.
  private @Nullable SnapshotShadow shadow;

  // Index up to which recovery has brought the state by itself, 0 if it has not.
  private long recoveredStateIndex;

  // Invariant: no truncation above an index is obeyed before the snapshot there is durable.
  private long truncateUntil;

  // The newest snapshot in MicroRaft's memory.
  private long snapshotIndex;
  private int snapshotTerm;

  private boolean installing;

  ReplicaSnapshots(
      LoopContext context, int group, ReplicaLog log, HeldMessages held, ReplicatedState state) {
    this.context = context;
    this.group = group;
    this.log = log;
    this.store = context.storage().snapshots();
    this.held = held;
    this.state = state;
  }

  /** What recovery hands to MicroRaft. */
  void restored(long index, int term) {
    snapshotIndex = index;
    snapshotTerm = term;
  }

  /**
   * Recovery has brought the state to an index at which a snapshot had been intended but whose
   * files were not complete: it is taken again.
   *
   * @return its manifest
   */
  SnapshotManifest takeAgain(SnapshotManifest intent) {
    TakenSnapshot again = freeze();
    SnapshotManifest manifest =
        new SnapshotManifest(
            intent.group(),
            intent.index(),
            intent.term(),
            intent.membersView(),
            again.chunks().size());
    restored(manifest.index(), manifest.term());
    recoveredStateIndex = manifest.index();
    takenIndex = manifest.index();
    truncateUntil = manifest.index();
    taking = again;
    again.begin(manifest, () -> takenIsDurable(again));
    return manifest;
  }

  /** What stands for the chunks of the snapshot being taken. */
  List<ChunkBytes> chunksBeingTaken() {
    return Objects.requireNonNull(taking).chunks();
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

  /** Whether the snapshot that the state was replaced by is not durable yet. */
  boolean isInstalling() {
    return installing;
  }

  /** Whether a snapshot is being written or fetched. */
  boolean isBusy() {
    return taking != null || installing;
  }

  /**
   * MicroRaft takes a snapshot of this replica; what stands for its chunks follows within the same
   * call. One that is under way is given up, and so is a download that this one makes superfluous.
   */
  List<ChunkBytes> begin(long index) {
    TakenSnapshot older = taking;
    if (older != null) {
      older.abandon();
    }
    ReceivedSnapshot download = receiving;
    if (download != null && download.manifest().index() <= index) {
      giveUp(download);
    }
    TakenSnapshot newer = freeze();
    takenIndex = index;
    taking = newer;
    return newer.chunks();
  }

  private TakenSnapshot freeze() {
    return new TakenSnapshot(
        state.freeze(context.tuning().snapshotChunkBytes()),
        context.loop(),
        log,
        store,
        context.tuning().snapshotSliceRecords(),
        context.commitCountToTakeSnapshot());
  }

  /** The replica ends. */
  void stop() {
    if (taking != null) {
      taking.stop();
    }
    context.downloads().leave(group);
  }

  /** A chunk of the snapshot being taken, or of one being fetched. */
  void chunk(SnapshotChunk chunk) {
    TakenSnapshot own = taking;
    if (chunk.getIndex() != takenIndex) {
      received(chunk);
    } else if (own != null && own.manifest() == null) {
      own.begin(manifest(chunk), () -> takenIsDurable(own));
    }
  }

  private void takenIsDurable(TakenSnapshot durable) {
    if (taking != durable) {
      return; // A newer one took its place.
    }
    taking = null;
    truncate();
    store.deleteOlderThan(group, Objects.requireNonNull(durable.manifest()).index());
  }

  private void truncate() {
    if (truncateUntil >= log.firstIndex()) {
      log.truncateUntil(truncateUntil);
    }
  }

  private void received(SnapshotChunk chunk) {
    ReceivedSnapshot course = receiving;
    if (course == null || course.manifest().index() != chunk.getIndex()) {
      if (course != null) {
        course.abandon();
      }
      course = new ReceivedSnapshot(manifest(chunk), store, state.beginInstall());
      receiving = course;
    }
    course.add(chunk);
  }

  private SnapshotManifest manifest(SnapshotChunk chunk) {
    return new SnapshotManifest(
        group,
        chunk.getIndex(),
        chunk.getTerm(),
        context.codec().encodeView(chunk.getGroupMembersView()),
        chunk.getSnapshotChunkCount());
  }

  /** A download is given up, by MicroRaft or for it. */
  void dropDownload(long index) {
    ReceivedSnapshot course = receiving;
    if (course != null && course.manifest().index() == index) {
      giveUp(course);
    }
    context.downloads().leave(group); // Perhaps before the first chunk came.
  }

  private void giveUp(ReceivedSnapshot download) {
    download.abandon();
    receiving = null;
    context.downloads().leave(group);
  }

  /** Whether this replica may ask for a chunk now, or others of the node go first. */
  boolean mayFetch() {
    return context.downloads().enter(group, state.logicalBytes());
  }

  /**
   * MicroRaft drops its log up to this index, because a snapshot at or above it replaces it: its
   * own, or one it fetched.
   */
  void replaceLog(long index) {
    ReceivedSnapshot fetched = receiving;
    if (fetched != null
        && fetched.manifest().index() == index
        && fetched.isComplete()
        && takenIndex != index) {
      receiving = null;
      install(fetched);
      return;
    }
    truncateUntil = index;
    SnapshotManifest own = Objects.requireNonNull(Objects.requireNonNull(taking).manifest());
    snapshotIndex = own.index();
    snapshotTerm = own.term();
  }

  private void install(ReceivedSnapshot course) {
    TakenSnapshot interrupted = taking;
    if (interrupted != null) {
      interrupted.abandon();
      taking = null;
    }
    SnapshotManifest manifest = course.manifest();
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
    shadow = course.shadow();
    installing = true;
    held.installing(true);
    course.commit(
        () -> {
          store.deleteOlderThan(group, manifest.index());
          installing = false;
          held.installing(false);
        });
  }

  /** MicroRaft replaces the state by that of its newest snapshot. */
  void replaceState(long index, List<ChunkBytes> chunks) {
    SnapshotShadow read = shadow;
    shadow = null;
    if (read != null) {
      assert index == snapshotIndex : index + " instead of " + snapshotIndex;
      read.replaceState();
      context.downloads().leave(group);
    } else if (index != recoveredStateIndex) {
      // At a start: the files are there.
      ReceivedSnapshot.readAll(state.beginInstall(), chunks);
    }
    recoveredStateIndex = 0;
  }
}
