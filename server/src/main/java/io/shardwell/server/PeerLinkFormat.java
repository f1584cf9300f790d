package io.shardwell.server;

import io.netty.buffer.ByteBuf;
import io.shardwell.raftgroup.WireLimits;

/**
 * What peers say to each other below the frames: once {@code magic (4 bytes), version (2)}, then
 * for each frame {@code length (4), bytes}. Big-endian. The accepting side never says anything.
 */
final class PeerLinkFormat {

  /** "SWPR". */
  static final int MAGIC = 0x53575052;

  /** Raised when old and new nodes can no longer read each other's frames. */
  static final int VERSION = 2;

  static final int PREAMBLE_BYTES = 6;
  static final int LENGTH_BYTES = 4;

  private PeerLinkFormat() {}

  static void writePreamble(ByteBuf out) {
    out.writeInt(MAGIC).writeShort(VERSION);
  }

  /** Whether a length read from a link can be one. */
  static boolean isFrameLength(int length) {
    return length > 0 && length <= WireLimits.MAX_FRAME_BYTES;
  }
}
