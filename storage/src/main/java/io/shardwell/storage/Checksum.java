package io.shardwell.storage;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC32C, of pieces in a row. One object serves one thread again and again without garbage. */
final class Checksum {
  private final CRC32C crc = new CRC32C();

  Checksum start() {
    crc.reset();
    return this;
  }

  Checksum add(long value) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      crc.update((int) (value >>> shift) & 0xff);
    }
    return this;
  }

  /** Adds {@code length} bytes from {@code offset}; {@code view}'s position and limit are lost. */
  Checksum add(ByteBuffer view, int offset, int length) {
    view.limit(offset + length).position(offset);
    crc.update(view);
    return this;
  }

  int value() {
    return (int) crc.getValue();
  }

  static int of(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return (int) crc.getValue();
  }
}
