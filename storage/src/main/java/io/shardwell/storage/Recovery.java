package io.shardwell.storage;

import io.shardwell.storage.SnapshotFiles.Complete;
import io.shardwell.storage.SnapshotFiles.Owner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * From what is on disk to a log that goes on. Blocks; runs once, before anything else.
 *
 * <p>Reads everything before it changes anything, so damage is reported from an untouched
 * directory. Then, each step being harmless if a crash comes and all begins again: what was read is
 * made durable; files that nobody refers to are removed; a new segment is created whose first turn
 * says what was decided (installs taken back, truncations obeyed) and holds the checkpoint of the
 * result.
 */
final class Recovery {
  private final Disk disk;
  private final List<String> notes = new ArrayList<>();
  private final TreeMap<Integer, Complete> snapshots = new TreeMap<>();
  private final TreeMap<Integer, RecoveredReplica> recovered = new TreeMap<>();
  private final List<ReplicaState> states = new ArrayList<>();
  private final List<Segment> segments = new ArrayList<>();
  private final BatchBuffer decisions = new BatchBuffer();
  // The segment that this process begins; from read on.
  private @Nullable Segment next;
  private long turn;

  Recovery(Disk disk) {
    this.disk = disk;
  }

  List<String> notes() {
    return notes;
  }

  /** By group, in order of group. */
  Map<Integer, RecoveredReplica> recovered() {
    return recovered;
  }

  /** Newest complete snapshot by group. */
  Map<Integer, Complete> snapshots() {
    return snapshots;
  }

  /**
   * Recovers.
   *
   * @param metadata the node's; null if there is none
   */
  void run(@Nullable NodeMetadata metadata) throws IOException {
    // What is absent must be durably absent: a process may have died between the deletion of a
    // manifest and its sync, and a power cut would bring back a snapshot that the log went on
    // without.
    disk.syncFolder(SnapshotFiles.FOLDER);
    LogScan scan = read(metadata);
    write(scan);
  }

  /**
   * Reads and decides, and changes nothing.
   *
   * @return what was read of the log, opened
   */
  LogScan read(@Nullable NodeMetadata metadata) throws IOException {
    readManifests();
    Replay replay = new Replay();
    LogScan scan = new LogScan(disk, replay, notes);
    boolean sound = false;
    try {
      scan.run();
      checkTogether(metadata, scan, replay);
      next = new Segment(scan.highestSequence() + 1, disk.nextSalt());
      decisions.clear();
      for (RecoveringReplica replica : replay.replicas().values()) {
        resolve(replica, next.salt());
        states.add(replica.state());
      }
      for (Complete snapshot : snapshots.values()) {
        SnapshotFiles.checkChunks(disk, snapshot);
      }
      sound = true;
      return scan;
    } finally {
      if (!sound) {
        scan.close();
      }
    }
  }

  private void write(LogScan scan) throws IOException {
    Segment begun = next;
    assert begun != null;
    SharedLog.putCheckpoint(decisions, begun.salt(), states);
    scan.makeDurable();
    removeUnreferencedSnapshots();
    turn = scan.turn() + 1;
    begun.begin(scan.position(), turn);
    begun.checkpointEndsAt(LogFormat.SEGMENT_HEADER_BYTES + decisions.length());
    var batch = decisions.seal(begun, turn, scan.turn());
    begun.extendTo(LogFormat.SEGMENT_HEADER_BYTES + batch.remaining());
    SegmentFiles.create(disk, begun, batch);
    segments.addAll(scan.segments());
    segments.add(begun);
  }

  SharedLog openLog(DiskWork work, StorageLimits limits) {
    SharedLog log = new SharedLog(work, limits, segments, turn);
    states.forEach(log::addRecovered);
    return log;
  }

  private void readManifests() throws IOException {
    for (String name : disk.list(SnapshotFiles.FOLDER)) {
      Owner owner = Owner.of(name);
      if (owner == null) {
        if (!name.endsWith(SmallFile.TEMPORARY)) {
          throw UnknownFormatException.unexpectedFile(SnapshotFiles.FOLDER + "/" + name);
        }
      } else if (owner.isManifest()) {
        // Sorted by group, then index: the newest one stays.
        snapshots.put(
            owner.group(), SnapshotFiles.readManifest(disk, owner.group(), owner.index()));
      }
    }
  }

  /** Metadata, log and snapshots come and go together. */
  private void checkTogether(@Nullable NodeMetadata metadata, LogScan scan, Replay replay)
      throws DamagedStorageException {
    boolean hasLog = scan.turn() > 0;
    // A directory emptied on purpose has metadata that say so, and never spoke for anybody.
    boolean mayHaveNoLog = metadata == null || metadata.rejoins();
    if (!hasLog && (!mayHaveNoLog || !snapshots.isEmpty())) {
      throw damage(SegmentFiles.FOLDER, DamagedStorageException.NO_GROUP, "the log is gone");
    }
    boolean holdsNothing = replay.replicas().isEmpty() && snapshots.isEmpty();
    if (metadata != null && metadata.rejoins() && metadata.incarnation() == 0 && !holdsNothing) {
      throw damage(
          MetadataFile.NAME,
          DamagedStorageException.NO_GROUP,
          "the directory was being given up, but not all of it has been moved away");
    }
    if (metadata == null && !replay.replicas().isEmpty()) {
      throw damage(
          MetadataFile.NAME, DamagedStorageException.NO_GROUP, "the node's metadata is gone");
    }
    for (Complete snapshot : snapshots.values()) {
      int group = snapshot.manifest().group();
      if (!replay.replicas().containsKey(group)) {
        throw damage(manifestName(snapshot), group, "the log knows nothing of this snapshot");
      }
    }
  }

  private void resolve(RecoveringReplica replica, long salt) throws DamagedStorageException {
    int group = replica.state().group();
    if (replica.state().isForgotten()) {
      snapshots.remove(group);
      return;
    }
    Complete complete = snapshots.get(group);
    SnapshotManifest snapshot = complete == null ? null : complete.manifest();
    long snapshotIndex = snapshot == null ? 0 : snapshot.index();
    while (replica.installIsIncomplete(snapshotIndex)) {
      replica.takeBackInstall();
      decide(RecordType.INSTALL_ABORTED, group, 0, salt);
      notes.add("took back an install of group " + group + ": its snapshot is not complete");
    }
    joinSnapshot(replica, complete, salt);
    EntryIndex entries = replica.state().entries();
    for (long index = entries.first(); index <= entries.last(); index++) {
      if (!entries.isPresent(index)) {
        throw damage(SegmentFiles.FOLDER, group, "entry " + index + " is gone");
      }
    }
    SnapshotManifest intent = replica.state().intent();
    if (intent != null && intent.index() <= snapshotIndex) {
      intent = null;
    }
    if (intent != null && intent.index() > entries.last()) {
      throw damage(
          SegmentFiles.FOLDER,
          group,
          "a snapshot was announced at " + intent.index() + ", the log ends at " + entries.last());
    }
    ReplicaState state = replica.state();
    recovered.put(
        group,
        new RecoveredReplica(
            group,
            state.endpoint(),
            state.initialMembers(),
            state.term(),
            state.votedFor(),
            snapshot,
            intent,
            Collections.unmodifiableList(replica.entries())));
  }

  /** Makes the log begin behind the newest complete snapshot, or finds that it cannot. */
  private void joinSnapshot(RecoveringReplica replica, @Nullable Complete complete, long salt)
      throws DamagedStorageException {
    EntryIndex entries = replica.state().entries();
    int group = replica.state().group();
    if (complete == null) {
      if (entries.first() > 1) {
        String what = "the log begins at " + entries.first() + ", but there is no snapshot";
        throw damage(SnapshotFiles.FOLDER, group, what);
      }
      return;
    }
    SnapshotManifest snapshot = complete.manifest();
    long index = snapshot.index();
    String file = manifestName(complete);
    if (entries.first() > index + 1) {
      throw damage(
          file, group, "the log begins at " + entries.first() + ", the snapshot ends at " + index);
    }
    boolean reaches = entries.last() >= index;
    boolean agrees = !entries.isPresent(index) || entries.term(index) == snapshot.term();
    if (reaches && agrees) {
      if (entries.first() <= index) {
        replica.truncateUntil(index);
        decide(RecordType.TRUNCATE_UNTIL, group, index, salt);
      }
    } else if (replica.installed(snapshot)) {
      // The crash came between the snapshot's completion and the record that discards the log.
      replica.discard(index);
      decide(RecordType.DISCARD_LOG, group, index, salt);
    } else if (!reaches) {
      throw damage(
          file, group, "the log ends at " + entries.last() + ", the snapshot is at " + index);
    } else {
      throw damage(
          file, group, "entry " + index + " is not of the snapshot's term " + snapshot.term());
    }
  }

  private void decide(RecordType type, int group, long index, long salt) {
    decisions.putRecord(type, group, 0, index, RecordBody.NONE, salt);
  }

  /** Older snapshots, those that never became complete, and those of groups that left. */
  private void removeUnreferencedSnapshots() throws IOException {
    List<String> chunks = new ArrayList<>();
    boolean removed = false;
    for (String name : disk.list(SnapshotFiles.FOLDER)) {
      String path = SnapshotFiles.FOLDER + "/" + name;
      Owner owner = Owner.of(name);
      Complete kept = owner == null ? null : snapshots.get(owner.group());
      if (owner != null && kept != null && kept.manifest().index() == owner.index()) {
        continue;
      }
      if (owner == null || owner.isManifest()) {
        disk.delete(path);
        removed = true;
      } else {
        chunks.add(path);
      }
    }
    if (removed) {
      // Manifests first: what has a manifest has its chunks.
      disk.syncFolder(SnapshotFiles.FOLDER);
    }
    for (String chunk : chunks) {
      disk.delete(chunk);
    }
    if (!chunks.isEmpty()) {
      disk.syncFolder(SnapshotFiles.FOLDER);
    }
  }

  private static String manifestName(Complete snapshot) {
    return SnapshotFiles.manifestName(snapshot.manifest().group(), snapshot.manifest().index());
  }

  private static DamagedStorageException damage(String file, int group, String what) {
    return new DamagedStorageException(file, 0, group, what);
  }
}
