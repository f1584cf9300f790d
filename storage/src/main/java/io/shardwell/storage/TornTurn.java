package io.shardwell.storage;

import java.nio.ByteBuffer;

/**
 * Tells the remains of a turn from the bytes that a recycled segment's former use left: both stand
 * behind the last whole turn, and only the first must be reported as cut, because rot in the last
 * turn looks the same.
 *
 * <p>Nothing depends on the answer but that report. A client that knows the offsets can make old
 * bytes look like the remains of a turn (by the turn's number); it cannot make the search long: the
 * bytes under checksum are bounded.
 */
final class TornTurn {
  // Records are searched for this far behind the end.
  private static final int WINDOW_BYTES = 64 << 10;
  private static final int CHECKSUM_BYTES = 16 << 20;

  private final Segment segment;
  private final ByteBuffer bytes;

  TornTurn(Segment segment, ByteBuffer bytes) {
    this.segment = segment;
    this.bytes = bytes;
  }

  /** Whether a part of that turn is at the offset, or rot has made it so. */
  boolean isAt(int offset, long turn) {
    return hasHeaderAt(offset, turn) || hasRecordBehind(offset);
  }

  /**
   * The salt is this segment's alone. Where the salt is what is broken the turn's number stands.
   */
  private boolean hasHeaderAt(int offset, long turn) {
    boolean salted = offset + 8 <= bytes.limit() && bytes.getLong(offset) == segment.salt();
    boolean numbered = offset + 16 <= bytes.limit() && bytes.getLong(offset + 8) == turn;
    return salted || numbered;
  }

  private boolean hasRecordBehind(int offset) {
    int first = offset + LogFormat.BATCH_HEADER_BYTES;
    // Whatever its length, the turn's first record has one place.
    if (isRecord(first, bytes.limit())) {
      return true;
    }
    int limit = Math.min(bytes.limit(), first + WINDOW_BYTES);
    int budget = CHECKSUM_BYTES;
    for (int at = offset; at + LogFormat.RECORD_HEADER_BYTES <= limit; at++) {
      int length = bytes.getInt(at + 4);
      // Cheap questions first; the checksum of what is no record is work for nothing.
      boolean possible =
          bytes.get(at + 9) == 0
              && RecordType.of(bytes.get(at + 8)) != null
              && length >= 0
              && length <= limit - at - LogFormat.RECORD_HEADER_BYTES
              && length <= budget;
      if (possible) {
        budget -= length;
        if (isRecord(at, limit)) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean isRecord(int at, int limit) {
    return at + LogFormat.RECORD_HEADER_BYTES <= limit
        && LogFormat.recordAt(bytes, at, limit, segment.salt()) != null;
  }
}
