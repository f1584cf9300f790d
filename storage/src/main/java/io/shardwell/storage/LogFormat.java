package io.shardwell.storage;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a segment, and nothing else. Big-endian.
 *
 * <pre>
 * segment header            batch header (one turn)       record
 * 0   magic      4          0   salt          8           0   CRC32C   4  salt, bytes 4 to the end
 * 4   version    4          8   turn          8           4   length   4  of the body
 * 8   sequence   8          16  synced turn   8           8   type     1
 * 16  salt       8          24  length        4           9   zero     1
 * 24  zero       4          28  CRC32C        4           10  group    2
 * 28  CRC32C     4          32  records                   12  term     4
 * 32  batches               ..  zeros to a multiple of 8  16  index    8
 *                                                         24  body
 * </pre>
 *
 * The batch's CRC covers the segment's sequence number, its header before the CRC, and the records.
 * The salt is random per segment and stands where others have a magic number: what clients store
 * can never look like a batch, and neither can what an earlier use of the same disk blocks left.
 *
 * <p>Stale end: up to this offset the file may hold bytes of its former use as another segment; 0
 * if it was made new, so that all behind the last batch is zeros unless something was written
 * there.
 */
final class LogFormat {
  static final int SEGMENT_HEADER_BYTES = 32;
  static final int BATCH_HEADER_BYTES = 32;
  static final int RECORD_HEADER_BYTES = 24;
  static final int ALIGNMENT = 8;

  private static final int SEGMENT_MAGIC = 0x53574c47; // "SWLG"
  private static final int VERSION = 1;

  private LogFormat() {}

  /**
   * A batch that was found whole.
   *
   * @param offset of its header in the segment
   * @param length bytes of its records
   */
  record Batch(int offset, long turn, long syncedTurn, int length) {
    int recordsOffset() {
      return offset + BATCH_HEADER_BYTES;
    }

    int endOffset() {
      return align(offset + BATCH_HEADER_BYTES + length);
    }
  }

  /** A record that was found whole; its body is in the segment's bytes at {@code bodyOffset}. */
  record LogRecord(
      RecordType type, int group, int term, long index, int offset, int bodyOffset, int length) {
    int endOffset() {
      return bodyOffset + length;
    }

    /** Whether it holds that entry, where it was written first or moved to. */
    boolean isEntry(int ofGroup, long atIndex, int ofTerm, int payloadBytes) {
      return (type == RecordType.ENTRY || type == RecordType.MOVED)
          && group == ofGroup
          && index == atIndex
          && term == ofTerm
          && length == payloadBytes;
    }
  }

  static int align(int offset) {
    return (offset + ALIGNMENT - 1) & -ALIGNMENT;
  }

  static ByteBuffer segmentHeader(long sequence, long salt, int staleEnd) {
    ByteBuffer header = ByteBuffer.allocate(SEGMENT_HEADER_BYTES);
    header.putInt(SEGMENT_MAGIC).putInt(VERSION).putLong(sequence).putLong(salt).putInt(staleEnd);
    header.putInt(Checksum.of(header.array(), 0, 28));
    return header.flip();
  }

  /** The salt, or null if the header is not that of this segment. */
  static @Nullable Long segmentSalt(ByteBuffer segment, long sequence) {
    if (segment.limit() < SEGMENT_HEADER_BYTES
        || segment.getInt(0) != SEGMENT_MAGIC
        || segment.getInt(4) != VERSION
        || segment.getLong(8) != sequence
        || segment.getInt(28) != new Checksum().start().add(segment.duplicate(), 0, 28).value()) {
      return null;
    }
    return segment.getLong(16);
  }

  /** Of a segment whose header was accepted by {@link #segmentSalt}. */
  static int staleEnd(ByteBuffer segment) {
    return segment.getInt(24);
  }

  static void putBatchHeader(
      ByteBuffer buffer, long sequence, long salt, long turn, long syncedTurn, int length) {
    assert syncedTurn < turn : syncedTurn + " " + turn;
    buffer.putLong(0, salt).putLong(8, turn).putLong(16, syncedTurn).putInt(24, length);
    buffer.putInt(28, batchCrc(buffer.duplicate(), 0, sequence, length));
  }

  private static int batchCrc(ByteBuffer view, int offset, long sequence, int length) {
    return new Checksum()
        .start()
        .add(sequence)
        .add(view, offset, 28)
        .add(view, offset + BATCH_HEADER_BYTES, length)
        .value();
  }

  /** The batch at that offset, or null if there is no whole one. */
  static @Nullable Batch batchAt(ByteBuffer segment, int offset, long sequence, long salt) {
    int room = segment.limit() - offset - BATCH_HEADER_BYTES;
    if (room < 0 || segment.getLong(offset) != salt) {
      return null;
    }
    int length = segment.getInt(offset + 24);
    if (length < 0 || length > room) {
      return null;
    }
    if (segment.getInt(offset + 28) != batchCrc(segment.duplicate(), offset, sequence, length)) {
      return null;
    }
    long turn = segment.getLong(offset + 8);
    long syncedTurn = segment.getLong(offset + 16);
    return syncedTurn < turn ? new Batch(offset, turn, syncedTurn, length) : null;
  }

  /** The first whole batch that begins at {@code from} or behind, up to {@code last}, or null. */
  static @Nullable Batch nextBatch(
      ByteBuffer segment, int from, int last, long sequence, long salt) {
    for (int offset = from; offset <= last; offset += ALIGNMENT) {
      Batch batch = batchAt(segment, offset, sequence, salt);
      if (batch != null) {
        return batch;
      }
    }
    return null;
  }

  /** CRC of the record at {@code offset} of a buffer that {@code view} is a duplicate of. */
  static int recordCrc(Checksum checksum, ByteBuffer view, int offset, int length, long salt) {
    return checksum
        .start()
        .add(salt)
        .add(view, offset + 4, RECORD_HEADER_BYTES - 4 + length)
        .value();
  }

  /** The record at that offset, or null if there is no whole one that ends at or before limit. */
  static @Nullable LogRecord recordAt(ByteBuffer bytes, int offset, int limit, long salt) {
    int room = limit - offset - RECORD_HEADER_BYTES;
    if (room < 0) {
      return null;
    }
    int length = bytes.getInt(offset + 4);
    RecordType type = RecordType.of(bytes.get(offset + 8));
    if (length < 0 || length > room || type == null) {
      return null;
    }
    int crc = recordCrc(new Checksum(), bytes.duplicate(), offset, length, salt);
    if (bytes.getInt(offset) != crc) {
      return null;
    }
    return new LogRecord(
        type,
        Short.toUnsignedInt(bytes.getShort(offset + 10)),
        bytes.getInt(offset + 12),
        bytes.getLong(offset + 16),
        offset,
        offset + RECORD_HEADER_BYTES,
        length);
  }
}
