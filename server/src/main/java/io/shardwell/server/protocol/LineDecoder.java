package io.shardwell.server.protocol;

import org.jspecify.annotations.Nullable;

/**
 * Requests of people with nc and of the plainest programs: a line is a command. A command that
 * never gets its line end is taken once its sender has been quiet for a moment.
 */
public final class LineDecoder implements RequestDecoder {

  private final ByteWindow in = new ByteWindow();
  private boolean takeUnended;

  @Override
  public void offer(byte[] bytes, int from, int to) {
    in.offer(bytes, from, to);
    takeUnended = false;
  }

  @Override
  public void keep() {
    in.keep();
  }

  @Override
  public long heldBytes() {
    return in.heldBytes();
  }

  @Override
  public byte @Nullable [][] next() throws ProtocolException {
    while (in.readable() > 0) {
      int end = in.indexOf((byte) '\n');
      if ((end < 0 ? in.limit : end) - in.position > MAX_INLINE_BYTES) {
        throw new ProtocolException("too big inline request");
      }
      if (end < 0 && !takeUnended) {
        return null;
      }
      byte[][] words = Words.split(in.bytes, in.position, end < 0 ? in.limit : end);
      in.position = end < 0 ? in.limit : end + 1;
      if (words == null) {
        throw new ProtocolException("unbalanced quotes in request");
      }
      if (words.length > 0) {
        return words;
      }
    }
    return null;
  }

  @Override
  public boolean mayBeWhole() {
    return in.readable() > 0 && in.indexOf((byte) '\n') < 0;
  }

  @Override
  public void quiet() {
    takeUnended = true;
  }
}
