package io.shardwell.server.protocol;

import io.shardwell.statemachine.Limits;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Requests of RESP2 and RESP3 clients: arrays of bulk strings, or inline lines.
 *
 * <p>Made for pipelines: it keeps its place inside a request, so no byte is looked at twice, and
 * the only garbage is the words themselves. Memory follows what arrived and never what was
 * announced: a length alone allocates at most {@value #FIRST_WORD_BYTES} bytes.
 *
 * <p>Errors in Redis's words. One thing is stricter than Redis: what follows a bulk string must be
 * its line end; Redis skips two bytes whatever they are.
 */
public final class RespDecoder implements RequestDecoder {

  private static final byte[][] READ_OVER = {};
  private static final byte[] NO_WORD = {};

  private static final int FIRST_WORDS = 16;
  private static final int FIRST_WORD_BYTES = 512;

  /** What a word takes beside its bytes: an array's header, and its place among the words. */
  private static final int WORD_OVERHEAD_BYTES = 32;

  // A header is far shorter; one that has not ended by then is told to be too big, as in Redis.
  private static final int MAX_HEADER_BYTES = MAX_INLINE_BYTES;

  // So many digits fit into a long whatever they are, and are more than any limit.
  private static final int MOST_DIGITS = 18;

  private static final long NOT_A_NUMBER = Long.MIN_VALUE;

  private final ByteWindow in = new ByteWindow();

  // The request under way: wordsRead of wordCount words are in words. Invariant: words == null
  // between requests.
  private byte @Nullable [][] words;
  private int wordCount;
  private int wordsRead;

  // Invariant: the lengths of the words read and, if word != null, wordLength.
  private long requestBytes;

  // Of requestBytes, those in words longer than a value may be. They are kept nowhere.
  private long overBytes;

  // Invariant: above 0 exactly while such a word is read over; so many bytes of it are still to
  // come, its line end included, and word == null.
  private int overLeft;

  // The word under way: the first wordRead of wordLength bytes. Invariant: word != null implies
  // wordRead <= word.length <= wordLength.
  private byte @Nullable [] word;
  private int wordLength;
  private int wordRead;

  @Override
  public void offer(byte[] bytes, int from, int to) {
    in.offer(bytes, from, to);
  }

  @Override
  public void keep() {
    in.keep();
  }

  @Override
  public long heldBytes() {
    long held = in.heldBytes();
    if (words != null) {
      held += requestBytes - overBytes + (long) WORD_OVERHEAD_BYTES * wordsRead;
      held -= word == null ? 0 : wordLength - word.length;
    }
    return held;
  }

  @Override
  public boolean mayBeWhole() {
    return false;
  }

  @Override
  public void quiet() {}

  @Override
  public byte @Nullable [][] next() throws ProtocolException {
    while (true) {
      byte[][] under = words;
      if (under == null) {
        if (in.position == in.limit) {
          return null;
        }
        if (in.bytes[in.position] != '*') {
          byte[][] inline = readInline();
          if (inline != null && inline.length == 0) {
            continue;
          }
          return inline;
        }
        long count = readHeader("too big mbulk count string", "invalid multibulk length");
        if (count == NOT_A_NUMBER) {
          return null;
        }
        if (count > Limits.MAX_ARGUMENTS + 1L) {
          throw new ProtocolException("invalid multibulk length");
        }
        if (count <= 0) {
          continue;
        }
        wordCount = (int) count;
        wordsRead = 0;
        requestBytes = 0;
        overBytes = 0;
        under = new byte[Math.min(wordCount, FIRST_WORDS)][];
        words = under;
      }
      while (wordsRead < wordCount) {
        byte[] next = readWord();
        if (next == null) {
          return null;
        }
        if (wordsRead == under.length) {
          under = Arrays.copyOf(under, Math.min(wordCount, 4 * under.length));
          words = under;
        }
        under[wordsRead++] = next;
      }
      words = null;
      return overBytes > 0 ? READ_OVER : under;
    }
  }

  /** Null if its line has not ended yet; no words if it is blank. */
  private byte @Nullable [][] readInline() throws ProtocolException {
    int end = in.indexOf((byte) '\n');
    if (end < 0 ? in.readable() > MAX_INLINE_BYTES : end - in.position > MAX_INLINE_BYTES) {
      throw new ProtocolException("too big inline request");
    }
    if (end < 0) {
      return null;
    }
    byte[][] line = Words.split(in.bytes, in.position, end);
    in.position = end + 1;
    if (line == null) {
      throw new ProtocolException("unbalanced quotes in request");
    }
    return line;
  }

  private byte @Nullable [] readWord() throws ProtocolException {
    byte[] partial = word;
    if (overLeft > 0) {
      return readOver();
    }
    if (partial == null) {
      if (in.position == in.limit) {
        return null;
      }
      if (in.bytes[in.position] != '$') {
        throw new ProtocolException("expected '$', got '" + printable(in.bytes[in.position]) + "'");
      }
      long length = readHeader("too big bulk count string", "invalid bulk length");
      if (length == NOT_A_NUMBER) {
        return null;
      }
      if (length < 0 || length > MAX_REQUEST_BYTES) {
        throw new ProtocolException("invalid bulk length");
      }
      requestBytes += length;
      if (requestBytes > MAX_REQUEST_BYTES) {
        throw new ProtocolException("request is larger than " + MAX_REQUEST_BYTES + " bytes");
      }
      if (length > Limits.MAX_VALUE_BYTES) {
        overBytes += length;
        overLeft = (int) length + 2;
        return readOver();
      }
      wordLength = (int) length;
      if (in.readable() >= wordLength + 2) {
        byte[] whole = Arrays.copyOfRange(in.bytes, in.position, in.position + wordLength);
        in.position += wordLength;
        skipLineEnd();
        return whole;
      }
      partial = new byte[Math.min(wordLength, Math.max(FIRST_WORD_BYTES, in.readable()))];
      word = partial;
      wordRead = 0;
    }
    int more = Math.min(wordLength - wordRead, in.readable());
    if (wordRead + more > partial.length) {
      int size = Math.max(wordRead + more, 2 * partial.length);
      partial = Arrays.copyOf(partial, Math.min(wordLength, size));
      word = partial;
    }
    System.arraycopy(in.bytes, in.position, partial, wordRead, more);
    in.position += more;
    wordRead += more;
    if (wordRead < wordLength || in.readable() < 2) {
      return null;
    }
    assert partial.length == wordLength;
    skipLineEnd();
    word = null;
    return partial;
  }

  /** Instead of the word nothing, once it has ended; null before. */
  private byte @Nullable [] readOver() throws ProtocolException {
    int skipped = Math.min(overLeft - 2, in.readable());
    in.position += skipped;
    overLeft -= skipped;
    if (overLeft > 2 || in.readable() < 2) {
      return null;
    }
    skipLineEnd();
    overLeft = 0;
    return NO_WORD;
  }

  private void skipLineEnd() throws ProtocolException {
    if (in.bytes[in.position] != '\r' || in.bytes[in.position + 1] != '\n') {
      throw new ProtocolException("expected line end after bulk string");
    }
    in.position += 2;
  }

  /** The number between a type byte and its line end; NOT_A_NUMBER if the line has not ended. */
  private long readHeader(String tooLong, String notANumber) throws ProtocolException {
    byte[] bytes = in.bytes;
    int at = in.position + 1;
    boolean negative = at < in.limit && bytes[at] == '-';
    int digits = negative ? at + 1 : at;
    long value = 0;
    for (at = digits; at < in.limit; at++) {
      byte b = bytes[at];
      if (b == '\r') {
        break;
      }
      // As Redis: no plus sign, no leading zero but "0" itself, no more than a long holds.
      boolean leadingZero = at > digits && bytes[digits] == '0';
      if (b < '0' || b > '9' || leadingZero || at - digits >= MOST_DIGITS) {
        return notANumber(at, tooLong, notANumber);
      }
      value = 10 * value + (b - '0');
    }
    if (at + 1 >= in.limit) {
      return NOT_A_NUMBER;
    }
    boolean empty = at == digits;
    boolean minusZero = negative && value == 0;
    if (empty || minusZero || bytes[at + 1] != '\n') {
      throw new ProtocolException(notANumber);
    }
    in.position = at + 2;
    return negative ? -value : value;
  }

  // A header that goes on and on is told apart from one that is merely wrong, as in Redis: only its
  // end, or that it has gone on for too long, shows which.
  private long notANumber(int from, String tooLong, String notANumber) throws ProtocolException {
    int last = Math.min(in.limit, in.position + MAX_HEADER_BYTES);
    for (int i = from; i < last; i++) {
      if (in.bytes[i] == '\r' || in.bytes[i] == '\n') {
        throw new ProtocolException(notANumber);
      }
    }
    if (in.readable() > MAX_HEADER_BYTES) {
      throw new ProtocolException(tooLong);
    }
    return NOT_A_NUMBER;
  }

  private static char printable(byte b) {
    return b == '\r' || b == '\n' ? ' ' : (char) (b & 0xff);
  }
}
