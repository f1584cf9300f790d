package io.shardwell.server.protocol;

import io.netty.buffer.ByteBuf;

/**
 * Room in a buffer that is being filled. Netty doubles a small one, but one of more than 4 MiB
 * grows by 4 MiB, and is copied each time: an answer of hundreds of MiB would be copied dozens of
 * times.
 */
public final class BufferRoom {

  private BufferRoom() {}

  /**
   * Makes room for so many bytes, and for half of what is there besides if the buffer must grow.
   * What does not fit into any buffer is left to whoever writes it.
   */
  public static void ensure(long bytes, ByteBuf out) {
    if (bytes > out.writableBytes()) {
      long wanted = Math.max(bytes, out.writerIndex() / 2);
      out.ensureWritable((int) Math.min(wanted, out.maxWritableBytes()));
    }
  }
}
