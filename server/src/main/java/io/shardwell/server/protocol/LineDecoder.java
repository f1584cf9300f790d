package io.shardwell.server.protocol;

import org.jspecify.annotations.Nullable;

/**
 * Requests of people with nc and of the plainest programs: a line is a command. A command that
 * never gets its line end is taken once its sender has been quiet for a moment, or has closed its
 * side.
 *
 * <p>Quiet proves nothing: a lost segment, or a sender that writes in pieces, pauses in the middle
 * of a line as well, and the first piece of <code>DEL ab</code> deletes another key. So that it
 * costs nobody who ends their lines:
 *
 * <ul>
 *   <li>A connection that has ever sent a line end is waited for, however long it is quiet.
 *   <li>So is a text of more than {@link #MAX_UNENDED_BYTES}, which one segment need not have held.
 *   <li>If the first line was torn nevertheless, its rest is not a command: a line end behind more
 *       text is answered with an error, and the connection is closed before anything else of it is
 *       executed. A line end alone is only late.
 * </ul>
 */
public final class LineDecoder implements RequestDecoder {

  /** Longest command that is taken for quiet's sake, in bytes: one segment holds it. */
  static final int MAX_UNENDED_BYTES = 1024;

  private final ByteWindow in = new ByteWindow();
  private boolean takeUnended;

  // Whether this sender has ever ended a line.
  private boolean endsLines;

  // Whether the last command was taken without its line end. Invariant: not both this and
  // endsLines while the sender may still say something.
  private boolean tookUnended;

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
      if (end < 0) {
        tookUnended |= words.length > 0;
      } else if (tookUnended && words.length > 0) {
        throw new ProtocolException(
            "a line end after a command that had none: this may be its rest, and is not executed");
      } else {
        endsLines = true;
        tookUnended = false;
      }
      if (words.length > 0) {
        return words;
      }
    }
    return null;
  }

  @Override
  public boolean mayBeWhole() {
    return !endsLines
        && in.readable() > 0
        && in.readable() <= MAX_UNENDED_BYTES
        && in.indexOf((byte) '\n') < 0;
  }

  @Override
  public void quiet() {
    takeUnended = true;
  }
}
