package io.shardwell.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A small file that is written as a whole: after a crash at any byte the old or the new one is
 * there. Written beside, made durable, renamed over the old one, and the folder made durable.
 *
 * <pre>
 * 0   magic         4   names the kind of file
 * 4   body length   4
 * 8   CRC32C        4   of bytes 0-8 and the body
 * 12  body
 * </pre>
 */
final class SmallFile {
  static final String TEMPORARY = ".tmp";
  private static final int HEADER_BYTES = 12;

  private SmallFile() {}

  /** Blocks. */
  static void write(Disk disk, String name, int magic, byte[] body) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + body.length);
    bytes.putInt(magic).putInt(body.length);
    bytes.putInt(crc(magic, body.length, body));
    bytes.put(body).flip();
    writeRaw(disk, name, bytes);
  }

  /** As {@link #write}, without the header. */
  static void writeRaw(Disk disk, String name, ByteBuffer bytes) throws IOException {
    String temporary = name + TEMPORARY;
    int length = bytes.remaining();
    DiskFile file = disk.open(temporary);
    try {
      file.write(0, bytes);
      // A longer left-over of an earlier attempt may be there.
      file.truncate(length);
      file.sync();
    } finally {
      file.close();
    }
    disk.rename(temporary, name);
    disk.syncFolder(folder(name));
  }

  /**
   * The body, made durable before this returns (a process crash leaves readable bytes that are
   * not).
   *
   * @return null if there is no such file
   * @throws DamagedStorageException it does not hold what was once written
   */
  static byte @Nullable [] read(Disk disk, String name, int magic, int group) throws IOException {
    byte[] bytes = readRaw(disk, name);
    if (bytes == null) {
      return null;
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (bytes.length < HEADER_BYTES
        || in.getInt() != magic
        || in.getInt() != bytes.length - HEADER_BYTES) {
      throw new DamagedStorageException(name, 0, group, "bad header");
    }
    byte[] body = Arrays.copyOfRange(bytes, HEADER_BYTES, bytes.length);
    if (in.getInt() != crc(magic, body.length, body)) {
      throw new DamagedStorageException(name, HEADER_BYTES, group, "checksum does not match");
    }
    return body;
  }

  static byte @Nullable [] readRaw(Disk disk, String name) throws IOException {
    if (!disk.exists(name)) {
      return null;
    }
    DiskFile file = disk.open(name);
    try {
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(file.size()));
      file.read(0, bytes);
      file.sync();
      disk.syncFolder(folder(name));
      return bytes.array();
    } finally {
      file.close();
    }
  }

  static String folder(String name) {
    int slash = name.lastIndexOf('/');
    return slash < 0 ? "" : name.substring(0, slash);
  }

  private static int crc(int magic, int length, byte[] body) {
    Checksum checksum = new Checksum().start().add((long) magic << 32 | length);
    return checksum.add(ByteBuffer.wrap(body), 0, body.length).value();
  }
}
