package io.shardwell.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Segments used again, and entries appended again so that they can be: single promises, each by a
 * short story on a simulated disk.
 */
final class SegmentReuseTest {
  private static final StorageLimits LIMITS = new StorageLimits(16 << 10, 2 << 10);

  private final VirtualTime time = new VirtualTime();
  private final Random random = new Random(7);
  private final List<String> faults = new ArrayList<>();
  private MemoryDisk disk = new MemoryDisk(time, random, new MemoryDisk.Behaviour());
  private NodeStorage storage;

  SegmentReuseTest() throws IOException {
    storage = openNew();
  }

  private NodeStorage openNew() throws IOException {
    NodeStorage opened = open();
    opened.saveMetadata(NodeMetadata.empty().withIncarnation(7));
    return opened;
  }

  private NodeStorage open() throws IOException {
    return NodeStorage.open(disk, LIMITS, (what, cause) -> faults.add(what + ": " + cause));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** As a loop does it: a turn whenever something is buffered, the log's own records too. */
  private void sync() {
    do {
      time.runAll();
    } while (storage.log().startSync());
  }

  /**
   * Appends to a group what a snapshot then makes superfluous, until the log has gone on enough.
   */
  private void churn(int group, int segments) throws IOException {
    long until = storage.log().appendedPosition() + (long) segments * LIMITS.segmentBytes();
    ReplicaLog replica = storage.log().replica(group);
    while (storage.log().appendedPosition() < until) {
      for (int i = 0; i < 20; i++) {
        byte[] payload = new byte[100];
        random.nextBytes(payload);
        replica.appendEntry(replica.lastIndex() + 1, 1, payload);
        sync();
      }
      snapshot(group);
    }
  }

  private void snapshot(int group) {
    ReplicaLog replica = storage.log().replica(group);
    long index = replica.lastIndex();
    replica.writeSnapshotIntent(index, 1, bytes("m"), 0);
    storage
        .snapshots()
        .begin(new SnapshotManifest(group, index, 1, bytes("m"), 0))
        .commit(() -> {});
    sync();
    replica.truncateUntil(index);
    sync();
    storage.snapshots().deleteOlderThan(group, index);
    time.runAll();
  }

  private long folderBytes() {
    long bytes = 0;
    for (String name : disk.fileNames()) {
      bytes += name.startsWith(SegmentFiles.FOLDER + "/") ? disk.contents(name).length : 0;
    }
    return bytes;
  }

  private String lastSegment() {
    return storage.log().segments().last().name();
  }

  private static RecoveredReplica recovered(NodeStorage storage, int group) {
    RecoveredReplica replica = storage.recovered().get(group);
    if (replica == null) {
      throw new AssertionError("group " + group + " was not recovered");
    }
    return replica;
  }

  /**
   * Groups that wrote a little long ago and then fell silent, beside one that goes on and on: the
   * log's files stay below twice what is needed and two segments, and the old entries are there.
   */
  @Test
  void silentGroupsDoNotPinTheLog() throws IOException {
    Map<Integer, byte[]> written = new HashMap<>();
    for (int group = 2; group <= 30; group++) {
      byte[] payload = new byte[random.nextInt(200)];
      random.nextBytes(payload);
      written.put(group, payload);
      storage.log().replica(group).appendEntry(1, 3, payload);
      churn(1, group % 3);
      long allowed = 2 * storage.log().liveBytes() + 2L * LIMITS.segmentBytes();
      assertThat(storage.log().logBytes()).isLessThanOrEqualTo(allowed);
      // Each segment's checkpoint, and the turn that made it longer than nominal, come on top.
      assertThat(folderBytes()).isLessThanOrEqualTo(allowed + LIMITS.segmentBytes() / 2);
    }
    churn(1, 30);
    assertThat(storage.log().logBytes()).isLessThan(5L * LIMITS.segmentBytes());
    for (int start = 0; start < 2; start++) {
      written.forEach(
          (group, payload) -> {
            ReplicaLog replica = storage.log().replica(group);
            assertThat(replica.readEntry(1)).isEqualTo(payload);
            assertThat(replica.termOf(1)).isEqualTo(3);
            assertThat(replica.positionOf(1)).isLessThanOrEqualTo(storage.log().syncedPosition());
          });
      disk = disk.crashMachine(time);
      storage = open();
    }
    assertThat(recovered(storage, 5).entries()).hasSize(1);
    assertThat(faults).isEmpty();
  }

  /** Rewriting ends: a log that nobody writes to comes to rest, and stays there over restarts. */
  @Test
  void idleLogComesToRest() throws IOException {
    for (int i = 1; i <= 30; i++) {
      storage.log().replica(2).appendEntry(i, 1, new byte[i]);
      churn(1, 1);
    }
    for (int start = 0; start < 5; start++) {
      sync();
      int marks = 0;
      while (storage.log().startIdleMark()) {
        sync();
        marks++;
      }
      assertThat(marks).isLessThan(4);
      assertThat(storage.log().isRewriting()).isFalse();
      assertThat(storage.log().hasUnsynced()).isFalse();
      disk = disk.crashProcess(time);
      storage = open();
      assertThat(recovered(storage, 2).entries()).hasSize(30);
    }
  }

  /** A turn carries at most one slice of moved records, so no group waits long behind them. */
  @Test
  void noTurnCarriesMoreThanOneSlice() throws IOException {
    for (int i = 1; i <= 400; i++) {
      storage.log().replica(2).appendEntry(i, 1, new byte[20]);
    }
    sync();
    churn(1, 6);
    int slices = 0;
    for (String name : disk.fileNames()) {
      if (name.endsWith(".segment")) {
        for (int moved : movedBytesByTurn(name)) {
          assertThat(moved).isLessThanOrEqualTo(LIMITS.segmentBytes() / 4);
          slices += moved > 0 ? 1 : 0;
        }
      }
    }
    assertThat(slices).isGreaterThan(4);
  }

  private List<Integer> movedBytesByTurn(String name) {
    ByteBuffer bytes = ByteBuffer.wrap(disk.contents(name));
    long sequence = Long.parseUnsignedLong(name.substring(4, 20), 16);
    long salt = bytes.getLong(16);
    List<Integer> turns = new ArrayList<>();
    int offset = LogFormat.SEGMENT_HEADER_BYTES;
    LogFormat.Batch batch = LogFormat.batchAt(bytes, offset, sequence, salt);
    while (batch != null) {
      int moved = 0;
      int end = batch.recordsOffset() + batch.length();
      for (int at = batch.recordsOffset(); at < end; ) {
        LogFormat.LogRecord record = LogFormat.recordAt(bytes, at, end, salt);
        if (record == null) {
          throw new AssertionError("bad record in " + name);
        }
        moved += record.type() == RecordType.MOVED ? record.endOffset() - at : 0;
        at = record.endOffset();
      }
      turns.add(moved);
      offset = batch.endOffset();
      batch = LogFormat.batchAt(bytes, offset, sequence, salt);
    }
    return turns;
  }

  /**
   * While its entries are on their way to a second place, a group drops some, appends others at
   * their indexes, and another group leaves: what is there afterwards is what the group says.
   */
  @Test
  void entriesChangeWhileTheyAreMoved() throws IOException {
    for (int round = 0; round < 40; round++) {
      disk = new MemoryDisk(time, random, new MemoryDisk.Behaviour());
      storage = openNew();
      for (int i = 1; i <= 30; i++) {
        storage.log().replica(2).appendEntry(i, 1, bytes("old " + i));
        storage.log().replica(3).appendEntry(i, 1, bytes("old " + i));
      }
      sync();
      // Garbage until the rewriting begins, and some steps into it.
      ReplicaLog churning = storage.log().replica(1);
      while (!storage.log().isRewriting()) {
        churning.appendEntry(churning.lastIndex() + 1, 1, new byte[100]);
        churning.truncateFrom(churning.lastIndex());
        boolean started = storage.log().startSync();
        assertThat(started).isTrue();
        while (time.runNext() && !storage.log().isRewriting()) {}
      }
      for (int steps = round % 8; steps > 0; steps--) {
        storage.log().startSync();
        time.runNext();
      }
      storage.log().replica(2).truncateFrom(11);
      storage.log().replica(2).appendEntry(11, 2, bytes("new"));
      storage.log().replica(3).forget();
      sync();
      assertThat(storage.log().replica(2).readEntry(10)).isEqualTo(bytes("old 10"));
      assertThat(storage.log().replica(2).readEntry(11)).isEqualTo(bytes("new"));
      disk = disk.crashMachine(time);
      storage = open();
      assertThat(recovered(storage, 2).entries()).hasSize(11);
      assertThat(recovered(storage, 2).entries().get(10).length()).isEqualTo(3);
      assertThat(storage.log().replica(2).readEntry(11)).isEqualTo(bytes("new"));
      assertThat(storage.recovered()).doesNotContainKey(3);
    }
    assertThat(faults).isEmpty();
  }

  /** Rot in an entry that is about to be moved is a fault with its place, and is not moved. */
  @Test
  void rotIsNotMoved() throws IOException {
    storage.log().replica(9).appendEntry(1, 1, bytes("needle"));
    sync();
    String segment = lastSegment();
    String text = new String(disk.contents(segment), StandardCharsets.ISO_8859_1);
    disk.flipBit(segment, text.indexOf("needle"), 5);
    churn1UntilFault();
    assertThat(faults).hasSize(1);
    assertThat(faults.get(0)).contains(segment).contains("entry 1").contains("9");
  }

  private void churn1UntilFault() {
    ReplicaLog replica = storage.log().replica(1);
    for (int i = 0; i < 400 && faults.isEmpty(); i++) {
      replica.appendEntry(replica.lastIndex() + 1, 1, new byte[100]);
      replica.truncateFrom(replica.lastIndex());
      boolean started = storage.log().startSync();
      assertThat(started).isTrue();
      time.runAll();
    }
  }

  /** Blocks that are there are not written twice: no zeros go over what the former use left. */
  @Test
  void recycledBlocksAreNotZeroed() throws IOException {
    churnUntilRecycled();
    Segment last = storage.log().segments().last();
    byte[] contents = disk.contents(last.name());
    // Where zeros would be if they were written ahead of the end, as in a file made new.
    int ahead = LIMITS.prewriteBytes() / 2;
    int stale = 0;
    for (int offset = last.endOffset(); offset < last.endOffset() + ahead; offset++) {
      stale += contents[offset] != 0 ? 1 : 0;
    }
    assertThat(stale).isGreaterThan(ahead / 2);
  }

  /** In the long run the folder holds the same few files, and no turn makes one grow. */
  @Test
  void filesAreUsedAgain() throws IOException {
    churn(1, 10);
    int recycled = 0;
    for (int i = 0; i < 30; i++) {
      churn(1, 1);
      assertThat(disk.list(SegmentFiles.FOLDER).size()).isLessThanOrEqualTo(4);
      recycled += storage.log().segments().last().staleEnd() > 0 ? 1 : 0;
    }
    assertThat(recycled).isGreaterThan(20);
    Segment last = storage.log().segments().last();
    assertThat(disk.contents(last.name())).hasSizeLessThanOrEqualTo(LIMITS.recycledBytes());
  }

  /** A file that a huge turn made long is given back to the file system. */
  @Test
  void hugeFilesAreNotKept() throws IOException {
    for (int i = 0; i < 5; i++) {
      ReplicaLog replica = storage.log().replica(1);
      replica.appendEntry(replica.lastIndex() + 1, 1, new byte[5 * LIMITS.segmentBytes()]);
      sync();
      snapshot(1);
      churn(1, 3);
      assertThat(folderBytes()).isLessThan(5L * LIMITS.segmentBytes());
    }
  }

  /** Bytes of a former use behind the end are no torn write: nothing is reported. */
  @Test
  void staleBytesAreNotReported() throws IOException {
    for (int i = 0; i < 40; i++) {
      churn(1, 1 + i % 3);
      storage.log().replica(1).writeTerm(2 + i, new byte[random.nextInt(400)]);
      sync();
      disk = random.nextBoolean() ? disk.crashProcess(time) : disk.crashMachine(time);
      storage = open();
      assertThat(storage.recoveryNotes()).isEmpty();
    }
  }

  /**
   * Rot anywhere in the last turn of a recycled segment is found by a checksum, and as it cannot be
   * told from a torn write, the cut is reported: bit by bit, and for whole sectors that are not all
   * of the turn.
   */
  @Test
  void rotInTheLastTurnOfARecycledSegmentIsReported() throws IOException {
    churnUntilRecycled();
    ReplicaLog replica = storage.log().replica(1);
    int start = storage.log().segments().last().endOffset();
    for (int i = 0; i < 8; i++) {
      replica.appendEntry(replica.lastIndex() + 1, 1, bytes("acknowledged"));
    }
    storage.log().startSync();
    time.runNext();
    int end = start + LogFormat.BATCH_HEADER_BYTES + 8 * (LogFormat.RECORD_HEADER_BYTES + 12);
    String name = lastSegment();
    assertThat(disk.contents(name)).hasSizeGreaterThan(end + 100);
    for (int offset = start; offset < end; offset++) {
      for (int length : new int[] {1, 8, 64, 200}) {
        MemoryDisk rotten = disk.copy(time);
        for (int i = offset; i < Math.min(offset + length, end); i++) {
          rotten.flipBit(name, i, random.nextInt(8));
        }
        NodeStorage opened =
            NodeStorage.open(rotten, LIMITS, (what, cause) -> faults.add(what + cause));
        assertThat(opened.recoveryNotes())
            .as("%d bytes at %d", length, offset - start)
            .anyMatch(n -> n.startsWith("cut a torn write at " + name + " offset " + start));
      }
    }
  }

  /** The same with another turn behind it is damage, as in a segment that is new. */
  @Test
  void damageInARecycledSegmentIsFound() throws IOException {
    churnUntilRecycled();
    ReplicaLog replica = storage.log().replica(1);
    int start = storage.log().segments().last().endOffset();
    replica.appendEntry(replica.lastIndex() + 1, 1, bytes("acknowledged"));
    sync();
    replica.appendEntry(replica.lastIndex() + 1, 1, bytes("later"));
    sync();
    disk.flipBit(lastSegment(), start + 40, 1);
    disk = disk.crashProcess(time);
    assertThatThrownBy(this::open).isInstanceOf(DamagedStorageException.class);
  }

  private void churnUntilRecycled() throws IOException {
    churn(1, 4);
    do {
      churn(1, 1);
    } while (storage.log().segments().last().staleEnd() == 0
        || storage.log().segments().last().endOffset() > LIMITS.segmentBytes() / 2);
  }

  /**
   * A client that writes what looks like records cannot make the search behind the end long: the
   * window is full of headers that claim long bodies, and the search ends all the same.
   */
  @Test
  void searchBehindTheEndIsBounded() {
    ByteBuffer bytes = ByteBuffer.allocate(1 << 20);
    for (int at = 0; at + 8 <= bytes.limit(); at += 2) {
      // Each pair of bytes is a type and a zero, and thereby also a length below the window's.
      bytes.put(at, (byte) 0).put(at + 1, (byte) 1);
    }
    Segment segment = new Segment(3, 0x1234_5678_9abc_def0L, bytes.limit());
    assertThat(new TornTurn(segment, bytes).isAt(4096, 77)).isFalse();
  }
}
