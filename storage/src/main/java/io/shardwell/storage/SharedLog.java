package io.shardwell.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The write-ahead log of one loop, for all its groups (a group is a shard or {@code meta}).
 *
 * <p>Records gather in one buffer. {@link #startSync} hands it to the disk as one turn; while the
 * disk works the next buffer fills. A <i>position</i> is a byte count that only grows: position p
 * is durable when p is at or below {@link #syncedPosition}.
 *
 * <p>One turn at a time is with the disk. Hence a turn that is followed by another was durable, and
 * recovery may cut nothing but the very last one.
 *
 * <p>Loop thread only.
 */
public final class SharedLog {
  /** Largest group id. */
  public static final int MAX_GROUP = 65535;

  private record Waiting(long position, Runnable task) {}

  private final DiskWork work;
  private final StorageLimits limits;
  private final TreeMap<Integer, ReplicaLog> replicas = new TreeMap<>();

  private final SegmentChain segments;
  private final Rewriting rewriting;

  // The turn that gathers records. batchStart is the position of its batch's header.
  private BatchBuffer filling = new BatchBuffer();
  private boolean open;
  private long batchStart;
  private long nextTurn;

  // The turn with the disk, if inFlight: positions inFlightStart to batchStart.
  private BatchBuffer other = new BatchBuffer();
  private boolean inFlight;
  private long inFlightStart;

  // Invariant: syncedPosition <= inFlightStart <= batchStart <= appendedPosition().
  private long syncedPosition;
  private long syncedTurn;
  // The last turn handed over held no records: it is the mark that the one before is durable.
  private boolean marked;

  // Position behind the last record that made older ones obsolete: segments go when it is durable.
  private long truncatedPosition;
  private final List<Waiting> waiting = new ArrayList<>();
  private @Nullable Runnable listener;

  /**
   * A log that continues behind what recovery found.
   *
   * @param recovered segments there, oldest first, the last being the one this process begins
   * @param turn last turn written, durable
   */
  SharedLog(DiskWork work, StorageLimits limits, List<Segment> recovered, long turn) {
    this.work = work;
    this.limits = limits;
    segments = new SegmentChain(work, limits, recovered);
    rewriting = new Rewriting(this, work, limits.rewriteSliceBytes());
    Segment current = segments.last();
    nextTurn = turn + 1;
    syncedTurn = turn;
    batchStart = current.endPosition();
    inFlightStart = batchStart;
    syncedPosition = batchStart;
    truncatedPosition = batchStart;
  }

  void addRecovered(ReplicaState state) {
    replicas.put(state.group(), new ReplicaLog(this, state));
    segments.retain(state.entries(), state.entries().first(), state.entries().last());
  }

  /** The group's part of the log; created empty if the group is new. */
  public ReplicaLog replica(int group) {
    assert group >= 0 && group <= MAX_GROUP : group;
    return replicas.computeIfAbsent(group, g -> new ReplicaLog(this, new ReplicaState(g)));
  }

  /** Logical byte position behind the last appended record. Grows for ever within a process. */
  public long appendedPosition() {
    return open ? batchStart + filling.length() : batchStart;
  }

  /** Everything at or below is durable. Equal to {@link #appendedPosition} after recovery. */
  public long syncedPosition() {
    return syncedPosition;
  }

  public boolean hasUnsynced() {
    return appendedPosition() > syncedPosition;
  }

  public boolean syncInFlight() {
    return inFlight;
  }

  /**
   * If the log is idle and something is buffered: hands the buffer to the disk as one turn (one
   * append, one fdatasync). When it completes, on the loop, {@link #syncedPosition} advances and
   * the listener runs. Errors go to the FaultHandler, and nothing completes afterwards.
   *
   * @return whether a turn was started
   */
  public boolean startSync() {
    if (inFlight || !open || work.isStopped()) {
      return false;
    }
    startTurn();
    return true;
  }

  /** Runs after each completed turn. Set once. */
  public void onSynced(Runnable newListener) {
    assert listener == null : "set once";
    listener = newListener;
  }

  /**
   * For a loop that has been idle for a while (a second, say): writes a turn without records that
   * says the last one is known synced, so that rot in it can be told from a torn write. Does
   * nothing if that is on disk already, or if something is buffered or under way.
   *
   * @return whether a turn was started
   */
  public boolean startIdleMark() {
    if (inFlight || open || marked || work.isStopped()) {
      return false;
    }
    openBatch();
    startTurn();
    return true;
  }

  /** Bytes used in the live segments. */
  public long logBytes() {
    return segments.bytes();
  }

  /** Bytes of the records in {@link #logBytes} that are the place of an entry some group holds. */
  public long liveBytes() {
    return segments.liveBytes();
  }

  /** Appends a record and returns its position (of its first byte). */
  long append(RecordType type, int group, int term, long index, byte[] body) {
    openBatch();
    return batchStart + filling.putRecord(type, group, term, index, body, segments.last().salt());
  }

  /**
   * Appends an entry once more, its payload being in a buffer; returns the position. Not a record
   * of the group's own: what the group has said does not depend on it.
   */
  long appendMoved(int group, int term, long index, ByteBuffer source, int bodyOffset, int length) {
    openBatch();
    return batchStart
        + filling.putRecord(
            RecordType.MOVED,
            group,
            term,
            index,
            source,
            bodyOffset,
            length,
            segments.last().salt());
  }

  /** Records that others depend on were made obsolete by the last one appended. */
  void truncated() {
    truncatedPosition = appendedPosition();
  }

  /** Runs the task once everything up to the position is durable; at once if it is. */
  void whenSynced(long position, Runnable task) {
    if (position <= syncedPosition) {
      task.run();
    } else {
      waiting.add(new Waiting(position, task));
    }
  }

  private void runDue() {
    if (waiting.isEmpty()) {
      return;
    }
    // A task may add others.
    for (Waiting due : List.copyOf(waiting)) {
      if (due.position() <= syncedPosition) {
        waiting.remove(due);
        due.task().run();
      }
    }
  }

  /** Begins a turn's batch: where it goes is decided before its first record, for the CRCs. */
  private void openBatch() {
    if (open) {
      return;
    }
    boolean rolled = segments.last().endOffset() > limits.rollBytes();
    if (rolled) {
      segments.roll(batchStart, nextTurn);
    }
    filling.clear();
    open = true;
    if (rolled) {
      // Before any record of this turn: the state is that of everything in older segments.
      putCheckpoint(filling, segments.last().salt(), states());
      segments.last().checkpointEndsAt(LogFormat.SEGMENT_HEADER_BYTES + filling.length());
    }
  }

  private List<ReplicaState> states() {
    return replicas.values().stream().map(ReplicaLog::state).toList();
  }

  static void putCheckpoint(BatchBuffer buffer, long salt, List<ReplicaState> states) {
    buffer.putRecord(RecordType.CHECKPOINT_START, 0, 0, states.size(), RecordBody.NONE, salt);
    for (ReplicaState state : states) {
      buffer.putRecord(RecordType.CHECKPOINT, state.group(), 0, 0, state.encode(), salt);
    }
  }

  private void startTurn() {
    assert open && !inFlight;
    assert syncedTurn == nextTurn - 1 : syncedTurn + " " + nextTurn;
    Segment segment = segments.last();
    BatchBuffer batch = filling;
    marked = batch.recordBytes() == 0;
    ByteBuffer bytes = batch.seal(segment, nextTurn, syncedTurn);
    int offset = segment.endOffset();
    segment.extendTo(offset + bytes.remaining());
    inFlightStart = batchStart;
    batchStart += bytes.remaining();
    assert batchStart == segment.endPosition();
    long turn = nextTurn++;
    filling = other;
    other = batch;
    open = false;
    inFlight = true;
    work.submit(
        "write " + segment.name() + " at offset " + offset,
        () -> {
          segment.file().write(offset, bytes);
          segment.file().sync();
        },
        () -> turnDone(turn));
  }

  private void turnDone(long turn) {
    assert inFlight && turn == syncedTurn + 1 : turn + " after " + syncedTurn;
    inFlight = false;
    syncedTurn = turn;
    // Nothing was handed over since: the turn under way ended where the next batch begins.
    syncedPosition = batchStart;
    inFlightStart = batchStart;
    runDue();
    if (listener != null) {
      listener.run();
    }
    // After the listener, so that the next turn goes first.
    reclaim();
    segments.prewrite();
  }

  /** Gives back what nobody needs, and makes more of that if too much of the log is garbage. */
  void reclaim() {
    if (segments.isRemoving()) {
      return;
    }
    if (segments.oldest().liveBytes() == 0 && oldestMayGo()) {
      segments.removeOldest(this::reclaim);
    } else {
      rewriting.proceed();
    }
  }

  /**
   * Whether nothing but entries can keep the oldest segment. Its successor begins with a
   * checkpoint; a turn behind that one must be durable too, else rot in the checkpoint would pass
   * for a torn write. The records that made others obsolete must be durable. And no install that
   * may have to be taken back may need it.
   */
  private boolean oldestMayGo() {
    return segments.size() > 1
        && truncatedPosition <= syncedPosition
        && syncedTurn > segments.second().firstTurn()
        && !isPinned(segments.oldest());
  }

  /** Whether an install that may have to be taken back needs the segment. */
  private boolean isPinned(Segment segment) {
    for (ReplicaLog replica : replicas.values()) {
      if (replica.installPin() < segment.endPosition()) {
        return true;
      }
    }
    return false;
  }

  /**
   * The oldest segment, if its live records are to be appended again: the full segments hold more
   * garbage than live records. With the segment that is being filled and the spare one that bounds
   * the log's files by twice the live records and two segments; and since a round through the log
   * packs the live ones close together, an idle log comes to rest.
   */
  @Nullable Segment segmentToRewrite() {
    boolean mostlyGarbage = segments.closedBytes() > 2 * segments.liveBytes();
    if (!mostlyGarbage || segments.isRemoving() || !oldestMayGo()) {
      return null;
    }
    Segment oldest = segments.oldest();
    return oldest.liveBytes() == 0 ? null : oldest;
  }

  /** Groups with that id or a higher one, in order of id. */
  Iterable<ReplicaLog> replicasFrom(int group) {
    return replicas.tailMap(group, true).values();
  }

  /** Whether records are on their way to a second place. */
  boolean isRewriting() {
    return rewriting.isBusy();
  }

  SegmentChain segments() {
    return segments;
  }

  /** Blocks unless the entry is in memory still. */
  byte[] read(int group, long position, long index, int term, int length) {
    byte[] payload = new byte[length];
    int header = LogFormat.RECORD_HEADER_BYTES;
    if (open && position >= batchStart) {
      filling.copyOut((int) (position - batchStart) + header, payload);
      return payload;
    }
    if (inFlight && position >= inFlightStart) {
      other.copyOut((int) (position - inFlightStart) + header, payload);
      return payload;
    }
    Segment segment = segments.at(position);
    int offset = segment.offsetOf(position);
    ByteBuffer bytes = ByteBuffer.allocate(header + length);
    String place = segment.name() + " at offset " + offset + " (group " + group + ")";
    try {
      segment.file().read(offset, bytes);
    } catch (IOException e) {
      work.fail("cannot read " + place + ": " + e.getMessage(), e);
      throw new IllegalStateException("fault at " + place, e);
    }
    LogFormat.LogRecord found = LogFormat.recordAt(bytes, 0, bytes.position(), segment.salt());
    if (found == null || !found.isEntry(group, index, term, length)) {
      DamagedStorageException damage =
          new DamagedStorageException(
              segment.name(), offset, group, "entry " + index + " does not match its checksum");
      work.fail(String.valueOf(damage.getMessage()), damage);
      throw new IllegalStateException("fault at " + place, damage);
    }
    bytes.get(header, payload);
    return payload;
  }

  /** At a clean stop, with nothing under way any more. Blocks. */
  void close() throws IOException {
    boolean idle = !inFlight && !open && !marked;
    Segment segment = segments.last();
    if (idle && segment.hasFile()) {
      filling.clear();
      ByteBuffer mark = filling.seal(segment, nextTurn, syncedTurn);
      segment.file().write(segment.endOffset(), mark);
      segment.file().sync();
    }
    segments.close();
  }
}
