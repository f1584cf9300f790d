package io.shardwell.statemachine;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A growing array of bytes with the few encodings that log, wire and snapshot share. Integers are
 * unsigned LEB128 unless said otherwise.
 */
final class ByteWriter {
  private static final int MOST_KEPT_BYTES = 128 * 1024;

  private byte[] bytes;
  private int length;

  ByteWriter(int capacity) {
    bytes = new byte[capacity];
  }

  int length() {
    return length;
  }

  /** Forgets what was written; keeps the array unless a rare large write has made it large. */
  void clear() {
    length = 0;
    if (bytes.length > MOST_KEPT_BYTES) {
      bytes = new byte[MOST_KEPT_BYTES];
    }
  }

  byte[] toBytes() {
    return Arrays.copyOf(bytes, length);
  }

  void writeByte(int value) {
    ensure(1);
    bytes[length++] = (byte) value;
  }

  void writeVarint(long value) {
    ensure(10);
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes[length++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[length++] = (byte) rest;
  }

  /** Small magnitudes of either sign stay short. */
  void writeZigzag(long value) {
    writeVarint((value << 1) ^ (value >> 63));
  }

  /** Eight bytes, big-endian. */
  void writeLong(long value) {
    ensure(8);
    Bytes.putLong(bytes, length, value);
    length += 8;
  }

  /** So many bytes will be written: else a large array may be doubled for the last few of them. */
  void reserve(int more) {
    ensure(more);
  }

  /** Length and bytes. */
  void writeBytes(byte[] value) {
    writeBytes(value, 0, value.length);
  }

  /** Length and bytes of a part of an array. */
  void writeBytes(byte[] value, int from, int count) {
    writeVarint(count);
    writeRaw(value, from, count);
  }

  /** Length and UTF-8. */
  void writeText(String text) {
    writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Bytes without their length. */
  void writeRaw(byte[] value, int from, int count) {
    ensure(count);
    System.arraycopy(value, from, bytes, length, count);
    length += count;
  }

  /** All that another writer holds, without its length. */
  void writeRaw(ByteWriter other) {
    writeRaw(other.bytes, 0, other.length);
  }

  /** How many bytes {@link #writeVarint} takes. */
  static int varintBytes(long value) {
    return value == 0 ? 1 : (70 - Long.numberOfLeadingZeros(value)) / 7;
  }

  private void ensure(int more) {
    if (bytes.length - length < more) {
      int wanted = Math.addExact(length, more);
      bytes = Arrays.copyOf(bytes, Math.max(wanted, (int) Math.min(length * 2L, 1L << 30)));
    }
  }
}
