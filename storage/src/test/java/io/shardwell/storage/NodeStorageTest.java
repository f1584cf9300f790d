package io.shardwell.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Single promises of the storage, each by a short story on a simulated disk. */
final class NodeStorageTest {
  private final VirtualTime time = new VirtualTime();
  private final Random random = new Random(42);
  private final List<String> faults = new ArrayList<>();
  private MemoryDisk disk = new MemoryDisk(time, random, new MemoryDisk.Behaviour());

  private NodeStorage open() throws IOException {
    return NodeStorage.open(disk, StorageLimits.SMALL, (what, cause) -> faults.add(what));
  }

  private NodeStorage openNew() throws IOException {
    NodeStorage storage = open();
    storage.saveMetadata(NodeMetadata.empty().withIncarnation(7));
    return storage;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** As a loop does it: a turn whenever something is buffered, the log's own records too. */
  private void sync(NodeStorage storage) {
    do {
      time.runAll();
    } while (storage.log().startSync());
    assertThat(storage.log().hasUnsynced()).isFalse();
  }

  private static RecoveredReplica recovered(NodeStorage storage, int group) {
    RecoveredReplica replica = storage.recovered().get(group);
    if (replica == null) {
      throw new AssertionError("group " + group + " was not recovered");
    }
    return replica;
  }

  /** A new directory holds nothing, and says so again after a crash that saved nothing. */
  @Test
  void newDirectoryIsEmpty() throws IOException {
    for (int start = 0; start < 3; start++) {
      NodeStorage storage = open();
      assertThat(storage.metadata().incarnation()).isZero();
      assertThat(storage.recovered()).isEmpty();
      assertThat(storage.recoveryNotes()).isEmpty();
      assertThat(storage.log().hasUnsynced()).isFalse();
      disk = disk.crashMachine(time);
    }
  }

  /** Positions: an entry is durable when its position is, and a rewritten one is a new entry. */
  @Test
  void positionsSayWhatIsDurable() throws IOException {
    NodeStorage storage = openNew();
    SharedLog log = storage.log();
    ReplicaLog replica = log.replica(3);
    List<String> turns = new ArrayList<>();
    log.onSynced(() -> turns.add("synced"));
    replica.appendEntry(1, 1, bytes("a"));
    replica.appendEntry(2, 1, bytes("b"));
    assertThat(replica.positionOf(2)).isEqualTo(log.appendedPosition()).isGreaterThan(0);
    assertThat(replica.positionOf(1)).isLessThan(replica.positionOf(2));
    assertThat(replica.positionOf(3)).isEqualTo(Long.MAX_VALUE);
    assertThat(log.startSync()).isTrue();
    assertThat(log.startSync()).isFalse();
    assertThat(log.syncInFlight()).isTrue();
    long inFlight = log.appendedPosition();
    replica.truncateFrom(2);
    replica.appendEntry(2, 2, bytes("c"));
    assertThat(replica.readEntry(1)).isEqualTo(bytes("a"));
    assertThat(replica.readEntry(2)).isEqualTo(bytes("c"));
    time.runAll();
    assertThat(turns).hasSize(1);
    assertThat(log.syncedPosition()).isEqualTo(inFlight);
    assertThat(replica.positionOf(1)).isLessThanOrEqualTo(log.syncedPosition());
    assertThat(replica.positionOf(2)).isGreaterThan(log.syncedPosition());
    sync(storage);
    assertThat(replica.lastPosition()).isLessThanOrEqualTo(log.syncedPosition());
    disk = disk.crashMachine(time);
    NodeStorage again = open();
    assertThat(recovered(again, 3).entries())
        .extracting(RecoveredEntry::term)
        .containsExactly(1, 2);
    ReplicaLog reopened = again.log().replica(3);
    assertThat(reopened.positionOf(2)).isLessThanOrEqualTo(again.log().syncedPosition());
    assertThat(reopened.lastPosition()).isZero();
    assertThat(reopened.readEntry(2)).isEqualTo(bytes("c"));
  }

  /** What was not synced is not promised, but never half there. */
  @Test
  void tornTurnIsCutAndReported() throws IOException {
    int cuts = 0;
    for (int i = 0; i < 50; i++) {
      disk = new MemoryDisk(time, random, new MemoryDisk.Behaviour());
      NodeStorage storage = openNew();
      ReplicaLog replica = storage.log().replica(1);
      replica.appendEntry(1, 1, bytes("synced"));
      sync(storage);
      replica.appendEntry(2, 1, new byte[200]);
      replica.appendEntry(3, 1, new byte[200]);
      storage.log().startSync();
      disk = disk.crashMachine(time);
      NodeStorage again = open();
      List<RecoveredEntry> entries = recovered(again, 1).entries();
      assertThat(entries.size()).isIn(1, 3);
      if (!again.recoveryNotes().isEmpty()) {
        assertThat(again.recoveryNotes().get(0))
            .startsWith("cut ")
            .contains("torn write at log/0000000000000001.segment offset");
        assertThat(entries).hasSize(1);
        cuts++;
      }
    }
    assertThat(cuts).isBetween(5, 49);
  }

  /** Rot in front of a later turn is damage, with file, offset and group, not a torn write. */
  @Test
  void damageInFrontOfALaterTurnIsNamed() throws IOException {
    NodeStorage storage = openNew();
    storage.log().replica(5).appendEntry(1, 1, bytes("needle"));
    sync(storage);
    storage.log().replica(6).appendEntry(1, 1, bytes("later"));
    sync(storage);
    String segment = "log/0000000000000001.segment";
    String text = new String(disk.contents(segment), StandardCharsets.ISO_8859_1);
    disk.flipBit(segment, text.indexOf("needle"), 3);
    disk = disk.crashProcess(time);
    assertThatThrownBy(this::open)
        .isInstanceOfSatisfying(
            DamagedStorageException.class,
            e -> {
              assertThat(e.file()).isEqualTo(segment);
              assertThat(e.group()).isEqualTo(5);
              assertThat(e.offset()).isBetween(32L, (long) text.indexOf("needle"));
            });
  }

  /**
   * Bytes of a client that look like a turn of the log are no turn: the salt is not known to it.
   */
  @Test
  void storedBytesNeverLookLikeTheLog() throws IOException {
    NodeStorage storage = openNew();
    BatchBuffer forged = new BatchBuffer();
    forged.clear();
    forged.putRecord(RecordType.FORGET, 1, 0, 0, RecordBody.NONE, 0);
    ByteBuffer batch = forged.seal(new Segment(1, 0), 1000, 999);
    byte[] payload = new byte[batch.remaining() * 8];
    for (int copy = 0; copy < 8; copy++) {
      batch.rewind().get(payload, copy * batch.limit(), batch.limit());
    }
    ReplicaLog replica = storage.log().replica(1);
    replica.appendEntry(1, 1, payload);
    sync(storage);
    String segment = "log/0000000000000001.segment";
    byte[] contents = disk.contents(segment);
    int header = LogFormat.SEGMENT_HEADER_BYTES;
    // The first turn behind the checkpoint loses its header, so what is in it is searched for
    // turns.
    int turn = header + 8;
    while (ByteBuffer.wrap(contents).getLong(turn) != ByteBuffer.wrap(contents).getLong(header)) {
      turn += 8;
    }
    disk.flipBit(segment, turn + 9, 0);
    disk = disk.crashProcess(time);
    assertThat(open().recoveryNotes()).hasSize(1).first().asString().startsWith("cut ");
  }

  /**
   * With the idle mark behind it, rot in the last turn with records cannot pass for a torn write.
   */
  @Test
  void idleMarkProtectsTheLastTurn() throws IOException {
    NodeStorage storage = openNew();
    storage.log().replica(5).appendEntry(1, 1, bytes("needle"));
    sync(storage);
    assertThat(storage.log().startIdleMark()).isTrue();
    time.runAll();
    assertThat(storage.log().startIdleMark()).isFalse();
    String segment = "log/0000000000000001.segment";
    String text = new String(disk.contents(segment), StandardCharsets.ISO_8859_1);
    disk.flipBit(segment, text.indexOf("needle"), 0);
    disk = disk.crashProcess(time);
    assertThatThrownBy(this::open).isInstanceOf(DamagedStorageException.class);
  }

  /** After a failed fsync the kernel takes lost bytes for clean: recovery writes them again. */
  @Test
  void bytesOfAFailedSyncAreWrittenAgain() throws IOException {
    int kept = 0;
    for (int i = 0; i < 30; i++) {
      disk = new MemoryDisk(time, random, new MemoryDisk.Behaviour());
      NodeStorage storage = openNew();
      storage.log().replica(1).writeTerm(4, bytes("candidate"));
      disk.behaviour().failNext(MemoryDisk.Operation.SYNC);
      storage.log().startSync();
      time.runAll();
      assertThat(faults).hasSize(1);
      assertThat(storage.log().hasUnsynced()).isTrue();
      faults.clear();
      disk = disk.crashProcess(time);
      NodeStorage again = open();
      if (again.recovered().containsKey(1)) {
        kept++;
        // This node may have voted by now.
        disk = disk.crashMachine(time);
        assertThat(recovered(open(), 1).votedFor()).isEqualTo(bytes("candidate"));
      }
    }
    assertThat(kept).isGreaterThan(10);
  }

  /** The log gives segments back once a snapshot covers them, and not before that is durable. */
  @Test
  void segmentsGoWhenASnapshotCoversThem() throws IOException {
    NodeStorage storage = openNew();
    ReplicaLog replica = storage.log().replica(2);
    for (int i = 1; i <= 200; i++) {
      replica.appendEntry(i, 1, new byte[500]);
      sync(storage);
    }
    assertThat(storage.log().logBytes()).isGreaterThan(200 * 500);
    int before = disk.list("log").size();
    replica.writeSnapshotIntent(195, 1, bytes("members"), 2);
    SnapshotManifest manifest = new SnapshotManifest(2, 195, 1, bytes("members"), 2);
    SnapshotWriter writer = storage.snapshots().begin(manifest);
    writer.write(1, bytes("one"), () -> {});
    writer.write(0, bytes("zero"), () -> {});
    writer.write(0, bytes("ignored"), () -> {});
    List<String> done = new ArrayList<>();
    writer.commit(() -> done.add("durable"));
    time.runAll();
    assertThat(done).as("the announcement is not durable yet").isEmpty();
    sync(storage);
    assertThat(done).containsExactly("durable");
    assertThat(disk.list("log")).hasSizeGreaterThanOrEqualTo(before);
    replica.truncateUntil(195);
    sync(storage);
    assertThat(disk.list("log").size()).isLessThan(5);
    assertThat(storage.log().logBytes()).isLessThan(20_000);
    assertThat(replica.readEntry(196)).hasSize(500);
    disk = disk.crashMachine(time);
    NodeStorage again = open();
    RecoveredReplica found = recovered(again, 2);
    assertThat(found.entries())
        .extracting(RecoveredEntry::index)
        .containsExactly(196L, 197L, 198L, 199L, 200L);
    SnapshotManifest snapshot = found.snapshot();
    assertThat(snapshot).isNotNull();
    if (snapshot != null) {
      assertThat(again.snapshots().readChunk(snapshot, 0)).isEqualTo(bytes("zero"));
      assertThat(again.snapshots().readChunk(snapshot, 1)).isEqualTo(bytes("one"));
    }
    assertThat(found.intent()).isNull();
  }

  /** A snapshot announced but not complete is reported with all entries up to it. */
  @Test
  void unfinishedSnapshotIsAnIntent() throws IOException {
    NodeStorage storage = openNew();
    ReplicaLog replica = storage.log().replica(2);
    replica.appendEntry(1, 1, bytes("a"));
    replica.appendEntry(2, 1, bytes("b"));
    replica.writeSnapshotIntent(2, 1, bytes("members"), 3);
    sync(storage);
    SnapshotWriter writer =
        storage.snapshots().begin(new SnapshotManifest(2, 2, 1, bytes("members"), 3));
    writer.write(0, bytes("zero"), () -> {});
    time.runAll();
    disk = disk.crashMachine(time);
    RecoveredReplica found = recovered(open(), 2);
    SnapshotManifest intent = found.intent();
    assertThat(intent).isNotNull();
    if (intent != null) {
      assertThat(intent.index()).isEqualTo(2);
      assertThat(intent.chunkCount()).isEqualTo(3);
      assertThat(intent.membersView()).isEqualTo(bytes("members"));
    }
    assertThat(found.entries()).hasSize(2);
    assertThat(disk.list("snapshots")).isEmpty();
  }

  /**
   * A process died between the deletion of a manifest and its sync. The next one saw no manifest
   * and took the install back; a power cut then must not bring the manifest to life again, beside a
   * log that went on without it. (Found by the crash property, seed 2662.)
   */
  @Test
  void absentFilesAreMadeDurablyAbsent() throws IOException {
    for (int i = 0; i < 40; i++) {
      disk = new MemoryDisk(time, random, new MemoryDisk.Behaviour());
      NodeStorage storage = openNew();
      ReplicaLog replica = storage.log().replica(1);
      replica.appendEntry(1, 1, bytes("a"));
      replica.writeInstallBegin(9, 2, bytes("m"), 0);
      sync(storage);
      SnapshotWriter writer =
          storage.snapshots().begin(new SnapshotManifest(1, 9, 2, bytes("m"), 0));
      writer.commit(() -> {});
      time.runAll();
      disk.delete(SnapshotFiles.manifestName(1, 9));
      disk = disk.crashProcess(time);
      NodeStorage second = open();
      assertThat(recovered(second, 1).snapshot()).isNull();
      assertThat(recovered(second, 1).entries()).hasSize(1);
      second.log().replica(1).appendEntry(2, 2, bytes("b"));
      sync(second);
      disk = disk.crashMachine(time);
      assertThat(recovered(open(), 1).entries()).hasSize(2);
    }
  }

  /** Whatever is missing as a whole is damage: log, metadata, snapshot, a segment in the middle. */
  @Test
  void missingFilesAreDamage() throws IOException {
    for (String lost : List.of("log", "metadata", "snapshots", "middle")) {
      disk = new MemoryDisk(time, random, new MemoryDisk.Behaviour());
      NodeStorage storage = openNew();
      ReplicaLog replica = storage.log().replica(2);
      for (int i = 1; i <= 60; i++) {
        replica.appendEntry(i, 1, new byte[500]);
        sync(storage);
      }
      replica.writeSnapshotIntent(5, 1, bytes("m"), 0);
      sync(storage);
      storage
          .snapshots()
          .begin(new SnapshotManifest(2, 5, 1, bytes("m"), 0))
          .commit(() -> replica.truncateUntil(5));
      time.runAll();
      sync(storage);
      storage.close();
      for (String name : disk.fileNames()) {
        boolean middle = lost.equals("middle") && name.equals("log/0000000000000003.segment");
        if (name.startsWith(lost) || middle) {
          disk.delete(name);
        }
      }
      assertThatThrownBy(this::open).as(lost).isInstanceOf(DamagedStorageException.class);
    }
  }

  /** Metadata is the old or the new, whatever step the process dies in. */
  @Test
  void metadataIsOldOrNew() throws IOException {
    NodeMetadata old =
        NodeMetadata.empty().withIncarnation(1).withBootNumber(1).withGrownSize("ring", 10);
    NodeMetadata newer =
        old.withBootNumber(2)
            .withClusterTable(bytes("table"))
            .withOpened(true)
            .withGrownSize("ring", 5);
    for (int step = 0; step < 200; step++) {
      disk = new MemoryDisk(time, random, new MemoryDisk.Behaviour());
      NodeStorage storage = open();
      storage.saveMetadata(old);
      disk.behaviour().dieAfterSteps(step % 8);
      boolean saved = false;
      try {
        storage.saveMetadata(newer);
        saved = true;
      } catch (IOException died) {
        assertThat(disk.isDead()).isTrue();
      }
      disk = random.nextBoolean() ? disk.crashProcess(time) : disk.crashMachine(time);
      NodeMetadata found = open().metadata();
      assertThat(found.incarnation()).isEqualTo(1);
      assertThat(found.grownSize("ring")).isEqualTo(10);
      assertThat(found.bootNumber()).isIn(saved ? List.of(2L) : List.of(1L, 2L));
      assertThat(found.opened()).isEqualTo(found.bootNumber() == 2);
      assertThat(found.clusterTable()).isEqualTo(found.opened() ? bytes("table") : new byte[0]);
    }
  }

  /** A directory of another format is refused before anything in it is read or changed. */
  @Test
  void otherFormatsAreRefused() throws IOException {
    DiskFile format = disk.open("format");
    format.write(0, ByteBuffer.wrap(bytes("shardwell data directory, format 2\n")));
    assertThatThrownBy(this::open)
        .isInstanceOf(UnknownFormatException.class)
        .hasMessageContaining("format 2")
        .hasMessageContaining("format 1");
    disk = new MemoryDisk(time, random, new MemoryDisk.Behaviour());
    disk.open("metadata").write(0, ByteBuffer.wrap(bytes("something else")));
    assertThatThrownBy(this::open).isInstanceOf(UnknownFormatException.class);
  }

  /** Two nodes on one disk: the second is told so; after a close or crash the directory is free. */
  @Test
  void oneNodePerDirectory() throws IOException {
    NodeStorage first = openNew();
    assertThatThrownBy(this::open)
        .isInstanceOf(DirectoryInUseException.class)
        .hasMessageContaining("is in use");
    first.close();
    open().close();
    assertThat(open().metadata().incarnation()).isEqualTo(7);
  }

  /** A group that left is gone with its snapshots, and may come back as a new one. */
  @Test
  void forgottenGroupIsGone() throws IOException {
    NodeStorage storage = openNew();
    ReplicaLog replica = storage.log().replica(4);
    replica.writeTerm(9, bytes("x"));
    replica.appendEntry(1, 9, bytes("a"));
    replica.writeSnapshotIntent(1, 9, bytes("m"), 1);
    SnapshotWriter writer = storage.snapshots().begin(new SnapshotManifest(4, 1, 9, bytes("m"), 1));
    writer.write(0, bytes("zero"), () -> {});
    writer.commit(() -> {});
    sync(storage);
    assertThat(disk.list("snapshots")).hasSize(2);
    replica.forget();
    storage.snapshots().deleteAll(4);
    time.runAll();
    assertThat(disk.list("snapshots")).as("not before it is durable").hasSize(2);
    sync(storage);
    assertThat(disk.list("snapshots")).isEmpty();
    disk = disk.crashMachine(time);
    NodeStorage again = open();
    assertThat(again.recovered()).isEmpty();
    again.log().replica(4).appendEntry(1, 1, bytes("new"));
    sync(again);
    disk = disk.crashMachine(time);
    assertThat(recovered(open(), 4).term()).isZero();
  }

  /** One entry larger than a whole segment makes its segment longer, and comes back. */
  @Test
  void hugeEntryFitsInALongSegment() throws IOException {
    NodeStorage storage = openNew();
    byte[] huge = new byte[100_000];
    random.nextBytes(huge);
    ReplicaLog replica = storage.log().replica(1);
    replica.appendEntry(1, 1, bytes("small"));
    replica.appendEntry(2, 1, huge);
    assertThat(replica.readEntry(2)).isEqualTo(huge);
    sync(storage);
    replica.appendEntry(3, 1, bytes("small"));
    sync(storage);
    assertThat(replica.readEntry(2)).isEqualTo(huge);
    disk = disk.crashMachine(time);
    NodeStorage again = open();
    assertThat(recovered(again, 1).entries()).hasSize(3);
    assertThat(again.log().replica(1).readEntry(2)).isEqualTo(huge);
  }

  /** Zeros are written ahead, so that a turn overwrites and does not make the file grow. */
  @Test
  void turnsOverwriteZeros() throws IOException {
    NodeStorage storage = openNew();
    ReplicaLog replica = storage.log().replica(1);
    replica.appendEntry(1, 1, new byte[100]);
    sync(storage);
    String segment = "log/0000000000000001.segment";
    int size = disk.contents(segment).length;
    replica.appendEntry(2, 1, new byte[100]);
    storage.log().startSync();
    time.runNext();
    assertThat(disk.contents(segment)).hasSize(size);
  }

  /** A log that needs no entry keeps a segment until the checkpoint behind it is durable. */
  @Test
  void segmentStaysUntilTheNextCheckpointIsDurable() throws IOException {
    NodeStorage storage = openNew();
    for (int term = 1; term < 40; term += 2) {
      ReplicaLog replica = storage.log().replica(1);
      do {
        replica.writeTerm(term, bytes("voter"));
        sync(storage);
      } while (storage.log().logBytes() + 100 <= StorageLimits.SMALL.rollBytes());
      int segments = disk.list("log").size();
      replica.writeTerm(term, new byte[100]);
      storage.log().startSync();
      // Begins the next batch, in the next segment, while this one is with the disk.
      replica.writeTerm(term + 1, bytes("voter"));
      time.runAll();
      assertThat(disk.list("log")).hasSizeGreaterThanOrEqualTo(segments);
      disk = disk.copy(time);
      storage = open();
      assertThat(recovered(storage, 1).term()).isEqualTo(term);
      storage.log().replica(1).writeTerm(term, bytes("voter"));
      sync(storage);
      assertThat(disk.list("log").size()).isLessThan(4);
    }
  }

  /**
   * Free space is answered on the loop, behind the work in front of it, as the disk's capacity has
   * it: less by what was written meanwhile, and 0 when the disk is smaller than what it holds.
   */
  @Test
  void freeSpaceIsMeasuredBehindTheWorkUnderWay() throws IOException {
    NodeStorage storage = openNew();
    long used = Long.MAX_VALUE - disk.freeBytes();
    disk.behaviour().capacityBytes(used + 50_000);
    List<Long> answers = new ArrayList<>();
    storage.log().replica(1).appendEntry(1, 1, new byte[20_000]);
    storage.log().startSync();
    storage.measureFreeBytes(answers::add);
    assertThat(answers).isEmpty();
    time.runAll();
    assertThat(answers).hasSize(1);
    assertThat(answers.get(0)).isBetween(20_000L, 30_000L);
    disk.behaviour().capacityBytes(100);
    storage.measureFreeBytes(answers::add);
    time.runAll();
    assertThat(answers).hasSize(2).last().isEqualTo(0L);
    assertThat(faults).isEmpty();
  }

  /**
   * Appending leaves no garbage: ten thousand records more in a turn allocate no more than one,
   * once buffers and index are as large as they get. Counted by the JVM, not timed.
   */
  @Test
  void appendingAllocatesNothingPerRecord() throws IOException {
    NodeStorage storage = openNew();
    ReplicaLog replica = storage.log().replica(1000);
    byte[] payload = new byte[100];
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 6; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 1; i <= 10_000; i++) {
        replica.appendEntry(i, 1, payload);
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      replica.truncateFrom(1);
      sync(storage);
    }
    assertThat(least).isLessThan(4_000);
  }

  /** In a locale with digits of its own no node started again after its first snapshot. */
  @Test
  void filesAreNamedAlikeEverywhere() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("fa-IR"));
      assertThat(SnapshotFiles.manifestName(1, 9))
          .isEqualTo("snapshots/00001-0000000000000009.manifest");
      assertThat(SnapshotFiles.chunkName(12, 255, 3))
          .isEqualTo("snapshots/00012-00000000000000ff-000003.chunk");
      assertThat(SegmentFiles.name(10)).endsWith("/000000000000000a.segment");
    } finally {
      Locale.setDefault(before);
    }
  }
}
