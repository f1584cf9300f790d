package io.shardwell.raftgroup.wire;

import io.shardwell.raftgroup.WireLimits;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Puts the pieces of one link's large messages together, one message at a time: pieces arrive in
 * order, and the pieces of two messages never mix. Holds no more than the pieces that are here.
 */
public final class PieceAssembly {

  private @Nullable ByteArrayOutputStream gathered;
  private int expectedRest;

  /**
   * The next piece.
   *
   * @return the whole, a frame of its own, if this was the last piece; else null
   * @throws MalformedFrameException if it does not follow the one before
   */
  public @Nullable ByteBuffer add(PeerMessage.Piece piece) {
    ByteArrayOutputStream whole = gathered;
    if (whole == null) {
      whole = new ByteArrayOutputStream(piece.bytes().length);
    } else if (piece.rest() != expectedRest - piece.bytes().length) {
      throw new MalformedFrameException("a piece that does not follow the one before");
    }
    long total = (long) whole.size() + piece.bytes().length + piece.rest();
    if (piece.rest() < 0 || total > WireLimits.MAX_FRAME_BYTES) {
      throw new MalformedFrameException("pieces of " + total + " bytes");
    }
    whole.writeBytes(piece.bytes());
    expectedRest = piece.rest();
    gathered = piece.rest() == 0 ? null : whole;
    return piece.rest() == 0 ? ByteBuffer.wrap(whole.toByteArray()) : null;
  }
}
