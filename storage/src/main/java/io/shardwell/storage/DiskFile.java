package io.shardwell.storage;

import java.io.IOException;
import java.nio.ByteBuffer;

/** An open file of a {@link Disk}. Calls block. Positional, so reads and writes may overlap. */
public interface DiskFile {
  /** Writes all remaining bytes at the position; the file grows as needed, gaps read as zeros. */
  void write(long position, ByteBuffer bytes) throws IOException;

  /**
   * Reads until the buffer is full or the file ends.
   *
   * @return the number of bytes read, 0 at or behind the end
   */
  int read(long position, ByteBuffer into) throws IOException;

  /** Makes everything written so far, and the size, durable (fdatasync). Not the name. */
  void sync() throws IOException;

  /** Bytes. */
  long size() throws IOException;

  /** Cuts the file to that many bytes; nothing happens if it is shorter. */
  void truncate(long size) throws IOException;

  void close() throws IOException;
}
