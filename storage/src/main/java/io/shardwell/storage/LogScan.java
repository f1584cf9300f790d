package io.shardwell.storage;

import io.shardwell.storage.LogFormat.Batch;
import io.shardwell.storage.LogFormat.LogRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the segments in order and hands each record of each whole turn to a {@link Replay}.
 *
 * <p>Turns are numbered without gaps, and one turn at a time was with the disk. So whatever is
 * behind the last whole turn is either the torn write of the next one, which nothing ever depended
 * on, or damage; and it is damage if any whole turn of a higher number is anywhere behind it.
 */
final class LogScan {
  /** What is left of a segment: it has at least one whole turn. */
  private record Found(Segment segment, ByteBuffer bytes) {}

  private final Disk disk;
  private final Replay replay;
  private final List<String> notes;

  private final List<Segment> segments = new ArrayList<>();
  private final List<Segment> withoutTurns = new ArrayList<>();
  private long highestSequence;
  private long turn;
  private long position;
  private @Nullable Found lastFound;
  private @Nullable Batch lastBatch;
  // Where bytes of a turn that is not whole were found, and no segment has gone on since.
  private @Nullable String torn;

  LogScan(Disk disk, Replay replay, List<String> notes) {
    this.disk = disk;
    this.replay = replay;
    this.notes = notes;
  }

  /** Segments with whole turns, oldest first, opened. */
  List<Segment> segments() {
    return segments;
  }

  /** Last whole turn, 0 in a new log. */
  long turn() {
    return turn;
  }

  long highestSequence() {
    return highestSequence;
  }

  /** Log position behind the last whole turn; 0 is where the oldest segment begins. */
  long position() {
    return position;
  }

  /** Blocks. */
  void run() throws IOException {
    for (long sequence : SegmentFiles.list(disk)) {
      scan(sequence);
      highestSequence = sequence;
    }
    if (segments.isEmpty() && !withoutTurns.isEmpty()) {
      // A segment gets its name only with a whole first turn, or behind one that has some.
      throw damage(withoutTurns.get(0).name(), LogFormat.SEGMENT_HEADER_BYTES, "no whole turn");
    }
    if (torn != null) {
      notes.add("cut " + torn);
    }
  }

  private void scan(long sequence) throws IOException {
    String name = SegmentFiles.name(sequence);
    DiskFile file = disk.open(name);
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(file.size()));
    file.read(0, bytes);
    bytes.flip();
    Long salt = LogFormat.segmentSalt(bytes, sequence);
    if (salt == null) {
      throw damage(name, 0, "bad segment header");
    }
    Segment segment = new Segment(sequence, salt, LogFormat.staleEnd(bytes));
    segment.setFile(file);
    segment.fileIsLong(bytes.limit());
    int offset = LogFormat.SEGMENT_HEADER_BYTES;
    Batch batch = LogFormat.batchAt(bytes, offset, sequence, salt);
    if (batch != null) {
      checkFollows(batch, name);
      if (torn != null) {
        // The log went on behind it: the recovery that cut it has said so, unless it died first.
        notes.add("an earlier start cut " + torn);
        torn = null;
      }
      segment.begin(position, batch.turn());
    }
    while (batch != null && (turn == 0 || batch.turn() == turn + 1)) {
      replay(segment, bytes, batch);
      turn = batch.turn();
      offset = batch.endOffset();
      segment.extendTo(offset);
      lastBatch = batch;
      batch = LogFormat.batchAt(bytes, offset, sequence, salt);
    }
    checkNothingBehind(segment, bytes, offset);
    if (offset == LogFormat.SEGMENT_HEADER_BYTES) {
      withoutTurns.add(segment);
    } else {
      segments.add(segment);
      position = segment.endPosition();
      lastFound = new Found(segment, bytes);
    }
  }

  /** The first turn of a segment must follow the last one before it. */
  private void checkFollows(Batch first, String name) throws DamagedStorageException {
    Found before = lastFound;
    if (before == null || first.turn() == turn + 1) {
      return;
    }
    Segment segment = before.segment();
    throw damage(
        segment.name(),
        segment.endOffset(),
        "turn " + (turn + 1) + " is missing, but " + name + " begins with turn " + first.turn());
  }

  /**
   * Behind the last whole turn of a segment there may be zeros, bytes of the file's former use, and
   * the torn write of one more turn.
   */
  private void checkNothingBehind(Segment segment, ByteBuffer bytes, int end) throws IOException {
    String name = segment.name();
    int lastNonZero = bytes.limit() - 1;
    while (lastNonZero >= end && bytes.get(lastNonZero) == 0) {
      lastNonZero--;
    }
    if (lastNonZero < end) {
      return;
    }
    Batch later = LogFormat.nextBatch(bytes, end, lastNonZero, segment.sequence(), segment.salt());
    if (later != null) {
      throw new DamagedStorageException(
          name,
          end,
          groupOfDamage(segment, bytes, end, later.offset()),
          "turn " + (turn + 1) + " is damaged: turn " + later.turn() + " is whole behind it");
    }
    if (lastNonZero >= segment.staleEnd()) {
      torn = (lastNonZero + 1 - end) + " bytes of a torn write at " + name + " offset " + end;
    } else if (new TornTurn(segment, bytes).isAt(end, turn + 1)) {
      torn = "a torn write at " + name + " offset " + end;
    }
  }

  /** The group of the first bad record in the bad batch, if its header can still be believed. */
  private static int groupOfDamage(Segment segment, ByteBuffer bytes, int batch, int limit) {
    int offset = batch + LogFormat.BATCH_HEADER_BYTES;
    LogRecord record;
    do {
      record = LogFormat.recordAt(bytes, offset, limit, segment.salt());
      if (record != null) {
        offset = record.endOffset();
      }
    } while (record != null);
    boolean plausible =
        offset + LogFormat.RECORD_HEADER_BYTES <= limit
            && RecordType.of(bytes.get(offset + 8)) != null
            && bytes.get(offset + 9) == 0;
    return plausible
        ? Short.toUnsignedInt(bytes.getShort(offset + 10))
        : DamagedStorageException.NO_GROUP;
  }

  private void replay(Segment segment, ByteBuffer bytes, Batch batch) throws IOException {
    int offset = batch.recordsOffset();
    int limit = offset + batch.length();
    while (offset < limit) {
      LogRecord record = LogFormat.recordAt(bytes, offset, limit, segment.salt());
      if (record == null) {
        throw damage(segment.name(), offset, "bad record in a whole turn");
      }
      long recordPosition = position + (offset - LogFormat.SEGMENT_HEADER_BYTES);
      replay.apply(segment.name(), record, bytes, recordPosition);
      boolean first = batch.offset() == LogFormat.SEGMENT_HEADER_BYTES;
      if (first && record.type().isCheckpoint()) {
        segment.checkpointEndsAt(record.endOffset());
      }
      offset = record.endOffset();
    }
    replay.endOfTurn(segment.name(), batch.offset());
  }

  /**
   * Makes everything read durable, so that nothing a replica builds on can vanish. The last turn is
   * written again first: a process before may have died of its failed fsync, after which the kernel
   * takes bytes for clean that are not on the medium. Blocks.
   */
  void makeDurable() throws IOException {
    SegmentFiles.removeTemporary(disk);
    if (lastFound != null && lastBatch != null) {
      ByteBuffer bytes = lastFound.bytes().duplicate();
      // A tear in the padding leaves a whole turn and a short file.
      int end = Math.min(lastBatch.endOffset(), bytes.limit());
      bytes.limit(end).position(lastBatch.offset());
      lastFound.segment().file().write(lastBatch.offset(), bytes);
    }
    for (Segment segment : segments) {
      segment.file().sync();
    }
    for (Segment segment : withoutTurns) {
      // Spare, or its first turn was torn: nothing in it counts, and no turn may follow in it.
      SegmentFiles.delete(disk, segment);
    }
    disk.syncFolder(SegmentFiles.FOLDER);
  }

  /** Closes what was opened, when nothing is to go on with it. */
  void close() throws IOException {
    for (Segment segment : segments) {
      segment.file().close();
    }
    for (Segment segment : withoutTurns) {
      segment.file().close();
    }
  }

  private static DamagedStorageException damage(String file, long offset, String what) {
    return new DamagedStorageException(file, offset, DamagedStorageException.NO_GROUP, what);
  }
}
