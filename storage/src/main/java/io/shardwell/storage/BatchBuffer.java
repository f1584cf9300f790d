package io.shardwell.storage;

import java.nio.ByteBuffer;

/**
 * The bytes of one turn, from batch header to padding, in memory that the disk takes as it is. Used
 * again and again.
 */
final class BatchBuffer {
  private static final int INITIAL_BYTES = 4 << 10;
  // A single huge turn must not hold its memory for ever.
  private static final int KEPT_BYTES = 8 << 20;
  // Offsets in a segment are ints: a segment of at most 1 GiB and one turn must fit.
  private static final int MAX_BYTES = 1 << 30;

  private final Checksum checksum = new Checksum();
  private ByteBuffer bytes = ByteBuffer.allocateDirect(INITIAL_BYTES);
  // A second view of the same memory, for checksums and reads.
  private ByteBuffer view = bytes.duplicate();

  /** Leaves room for the header. */
  void clear() {
    if (bytes.capacity() > KEPT_BYTES) {
      bytes = ByteBuffer.allocateDirect(INITIAL_BYTES);
      view = bytes.duplicate();
    }
    bytes.clear().position(LogFormat.BATCH_HEADER_BYTES);
  }

  /** Bytes so far, the header included. */
  int length() {
    return bytes.position();
  }

  int recordBytes() {
    return bytes.position() - LogFormat.BATCH_HEADER_BYTES;
  }

  /** Offset of the record in this batch, which begins with the batch's header. */
  int putRecord(RecordType type, int group, int term, long index, byte[] body, long salt) {
    int offset = putHeader(type, group, term, index, body.length);
    bytes.put(body);
    seal(offset, body.length, salt);
    return offset;
  }

  /** The same with the body taken from a buffer, whose position and limit stay. */
  int putRecord(
      RecordType type,
      int group,
      int term,
      long index,
      ByteBuffer source,
      int bodyOffset,
      int length,
      long salt) {
    int offset = putHeader(type, group, term, index, length);
    int body = bytes.position();
    bytes.put(body, source, bodyOffset, length).position(body + length);
    seal(offset, length, salt);
    return offset;
  }

  private int putHeader(RecordType type, int group, int term, long index, int length) {
    ensureRoom(LogFormat.RECORD_HEADER_BYTES + length + LogFormat.ALIGNMENT);
    int offset = bytes.position();
    bytes.putInt(0).putInt(length).put(type.code()).put((byte) 0).putShort((short) group);
    bytes.putInt(term).putLong(index);
    return offset;
  }

  private void seal(int offset, int length, long salt) {
    bytes.putInt(offset, LogFormat.recordCrc(checksum, view, offset, length, salt));
  }

  /** The finished batch; valid until {@link #clear}. Padding is added. */
  ByteBuffer seal(Segment segment, long turn, long syncedTurn) {
    int length = recordBytes();
    LogFormat.putBatchHeader(bytes, segment.sequence(), segment.salt(), turn, syncedTurn, length);
    while (bytes.position() % LogFormat.ALIGNMENT != 0) {
      bytes.put((byte) 0);
    }
    return bytes.duplicate().flip();
  }

  void copyOut(int offset, byte[] into) {
    view.clear();
    view.get(offset, into);
  }

  private void ensureRoom(int needed) {
    if (bytes.remaining() >= needed) {
      return;
    }
    int wanted = Math.addExact(bytes.position(), needed);
    if (wanted > MAX_BYTES) {
      throw new IllegalStateException("a turn of the log holds at most 1 GiB");
    }
    int capacity = (int) Math.min(MAX_BYTES, Math.max(wanted, 2L * bytes.capacity()));
    ByteBuffer larger = ByteBuffer.allocateDirect(capacity);
    larger.put(bytes.flip());
    bytes = larger;
    view = bytes.duplicate();
  }
}
