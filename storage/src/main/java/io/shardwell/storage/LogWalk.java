package io.shardwell.storage;

import io.shardwell.storage.LogFormat.Batch;
import io.shardwell.storage.LogFormat.LogRecord;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads all that can be read of the log's segments, also behind damage. Unlike {@link LogScan} it
 * draws no conclusions: for people, and for finding every damaged place instead of the first one.
 */
final class LogWalk {
  /** Told what is found, in the order of the log. */
  interface Visitor {
    /** A whole turn; its records follow. */
    void turn(String file, Batch batch);

    /** A whole record of the turn; its body is what remains in {@code body}. */
    void record(String file, long turn, LogRecord record, ByteBuffer body);

    /** Bytes that were once something. */
    void damage(DamagedStorageException damage);
  }

  private final Disk disk;
  private final Visitor visitor;
  private long lastTurn;
  // Where the bytes behind the last whole turn begin.
  private String endFile = SegmentFiles.FOLDER;
  private int endOffset;

  private LogWalk(Disk disk, Visitor visitor) {
    this.disk = disk;
    this.visitor = visitor;
  }

  /** Blocks. */
  static void walk(Disk disk, Visitor visitor) throws IOException {
    LogWalk walk = new LogWalk(disk, visitor);
    for (long sequence : SegmentFiles.list(disk)) {
      walk.segment(sequence);
    }
  }

  private void segment(long sequence) throws IOException {
    String file = SegmentFiles.name(sequence);
    ByteBuffer bytes = read(file);
    Long salt = LogFormat.segmentSalt(bytes, sequence);
    if (salt == null) {
      damage(file, 0, "bad segment header: nothing in the segment can be told from other bytes");
      return;
    }
    int offset = LogFormat.SEGMENT_HEADER_BYTES;
    boolean holed = false;
    while (offset < bytes.limit()) {
      Batch batch = LogFormat.batchAt(bytes, offset, sequence, salt);
      if (batch == null) {
        Batch next = LogFormat.nextBatch(bytes, offset, bytes.limit() - 1, sequence, salt);
        if (next == null) {
          return; // The end: zeros, bytes of a former use, or a torn turn.
        }
        damage(file, offset, "turn " + (lastTurn + 1) + " is damaged, a whole one is behind it");
        holed = true;
        offset = next.offset();
        continue;
      }
      if (lastTurn > 0 && batch.turn() != lastTurn + 1 && !holed) {
        damage(
            endFile,
            endOffset,
            "turn " + (lastTurn + 1) + " is missing, but turn " + batch.turn() + " is in " + file);
      }
      holed = false;
      lastTurn = batch.turn();
      endFile = file;
      endOffset = batch.endOffset();
      visitor.turn(file, batch);
      records(file, bytes, batch, salt);
      offset = batch.endOffset();
    }
  }

  private ByteBuffer read(String name) throws IOException {
    DiskFile file = disk.open(name);
    try {
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(file.size()));
      file.read(0, bytes);
      return bytes.flip();
    } finally {
      file.close();
    }
  }

  private void records(String file, ByteBuffer bytes, Batch batch, long salt) {
    int offset = batch.recordsOffset();
    int limit = offset + batch.length();
    while (offset < limit) {
      LogRecord record = LogFormat.recordAt(bytes, offset, limit, salt);
      if (record == null) {
        damage(file, offset, "bad record in a whole turn");
        return;
      }
      ByteBuffer body = bytes.slice(record.bodyOffset(), record.length());
      visitor.record(file, batch.turn(), record, body);
      offset = record.endOffset();
    }
  }

  private void damage(String file, long offset, String what) {
    visitor.damage(
        new DamagedStorageException(file, offset, DamagedStorageException.NO_GROUP, what));
  }
}
