package io.shardwell.statemachine;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads what {@link ByteWriter} wrote. Every read checks what is left before it allocates, so
 * malformed bytes cost a {@link MalformedBytesException} and nothing else.
 */
final class ByteReader {
  private final byte[] bytes;
  private final int end;
  private int position;

  ByteReader(byte[] bytes) {
    this(bytes, 0);
  }

  ByteReader(byte[] bytes, int from) {
    this.bytes = bytes;
    this.end = bytes.length;
    this.position = from;
  }

  boolean atEnd() {
    return position == end;
  }

  int readByte() {
    need(1);
    return bytes[position++] & 0xff;
  }

  long readVarint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int next = readByte();
      if (shift == 63 && next > 1) {
        break;
      }
      value |= (long) (next & 0x7f) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    throw new MalformedBytesException("varint longer than 64 bits at " + position);
  }

  /** A varint that must lie in 0..limit. */
  int readCount(int limit, String what) {
    long count = readVarint();
    if (count < 0 || count > limit) {
      throw new MalformedBytesException(what + " is " + count + ", limit " + limit);
    }
    return (int) count;
  }

  /** A varint that must not be negative as a long. */
  long readNatural(String what) {
    long value = readVarint();
    if (value < 0) {
      throw new MalformedBytesException(what + " is " + value);
    }
    return value;
  }

  long readZigzag() {
    long coded = readVarint();
    return (coded >>> 1) ^ -(coded & 1);
  }

  long readLong() {
    need(8);
    long value = Bytes.getLong(bytes, position);
    position += 8;
    return value;
  }

  byte[] readBytes() {
    int count = readCount(end - position, "byte count");
    need(count);
    byte[] value = Arrays.copyOfRange(bytes, position, position + count);
    position += count;
    return value;
  }

  String readText() {
    return new String(readBytes(), StandardCharsets.UTF_8);
  }

  void expectEnd() {
    if (position != end) {
      throw new MalformedBytesException((end - position) + " bytes too many");
    }
  }

  private void need(int count) {
    if (end - position < count) {
      throw new MalformedBytesException("ends at " + end + ", needs " + count + " at " + position);
    }
  }
}
