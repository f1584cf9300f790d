package io.shardwell.server;

import io.netty.buffer.ByteBuf;
import io.shardwell.raftgroup.EngineConfig;
import io.shardwell.raftgroup.WireLimits;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What peers say to each other below the frames: once {@code magic (4 bytes), version (2)}, then
 * for each frame {@code length (4), CRC-32C of the bytes (4), CRC-32C of these eight (4), bytes}.
 * Big-endian. The accepting side never says anything.
 *
 * <p>TCP's sum of 16 bits lets one damaged segment in 65536 pass, and what a frame brings is
 * written to logs and executed everywhere. The header has a sum of its own, or a damaged length
 * would have the receiver wait for a frame that never ends.
 */
final class PeerLinkFormat {

  /** "SWPR". */
  static final int MAGIC = 0x53575052;

  /** Raised when old and new nodes can no longer read each other's frames. */
  static final int VERSION = 4;

  static final int PREAMBLE_BYTES = 6;
  static final int HEADER_BYTES = 12;

  /**
   * Links that are open towards a node at once: one from each other node, another while the one
   * before has not been found dead, and some for strangers that have not been turned away yet.
   */
  static final int MAX_INBOUND_LINKS = 2 * EngineConfig.MAX_NODES + 16;

  /** How long a link may take for its preamble and its first frame, which says who speaks. */
  static final long HELLO_NANOS = 10_000_000_000L;

  private PeerLinkFormat() {}

  static void writePreamble(ByteBuf out) {
    out.writeInt(MAGIC).writeShort(VERSION);
  }

  static void writeFrame(ByteBuffer frame, ByteBuf out) {
    int length = frame.remaining();
    int checksum = checksum(frame);
    out.writeInt(length).writeInt(checksum).writeInt(headerChecksum(length, checksum));
    out.writeBytes(frame);
  }

  /**
   * Whether a length read from a link can be one.
   *
   * @param first whether the frame is the link's first, a Hello, from whoever it may be
   */
  static boolean isFrameLength(int length, boolean first) {
    return length > 0
        && length <= (first ? WireLimits.MAX_HELLO_BYTES : WireLimits.MAX_FRAME_BYTES);
  }

  /** Of a frame's length and of the sum of its bytes. */
  static int headerChecksum(int length, int checksum) {
    return checksum(ByteBuffer.allocate(2 * Integer.BYTES).putInt(length).putInt(checksum).flip());
  }

  /** Of what remains in the frame, which stays as it is. */
  static int checksum(ByteBuffer frame) {
    CRC32C crc = new CRC32C();
    crc.update(frame.duplicate());
    return (int) crc.getValue();
  }
}
