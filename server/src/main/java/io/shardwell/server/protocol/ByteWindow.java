package io.shardwell.server.protocol;

import java.util.Arrays;

/**
 * The bytes of a stream that arrived and are not consumed yet. Most of the time that is a piece of
 * a borrowed array; a copy is made only of what is left over.
 */
final class ByteWindow {

  private static final byte[] NONE = {};

  // Invariant: 0 <= position <= limit <= bytes.length; unread bytes are [position, limit).
  byte[] bytes = NONE;
  int position;
  int limit;

  private boolean borrowed;

  void offer(byte[] arrived, int from, int to) {
    if (position == limit) {
      bytes = arrived;
      position = from;
      limit = to;
      borrowed = true;
      return;
    }
    int held = limit - position;
    int more = to - from;
    if (borrowed || limit + more > bytes.length) {
      byte[] target = bytes;
      if (borrowed || held + more > bytes.length) {
        target = new byte[Math.max(held + more, borrowed ? 0 : 2 * bytes.length)];
      }
      System.arraycopy(bytes, position, target, 0, held);
      bytes = target;
      position = 0;
      limit = held;
      borrowed = false;
    }
    System.arraycopy(arrived, from, bytes, limit, more);
    limit += more;
  }

  void keep() {
    if (position == limit) {
      bytes = NONE;
      position = 0;
      limit = 0;
      borrowed = false;
    } else if (borrowed) {
      bytes = Arrays.copyOfRange(bytes, position, limit);
      limit -= position;
      position = 0;
      borrowed = false;
    }
  }

  /** Bytes of memory that are this window's own. */
  int heldBytes() {
    return borrowed ? 0 : bytes.length;
  }

  int readable() {
    return limit - position;
  }

  /** Where the next such byte is, or -1. */
  int indexOf(byte wanted) {
    for (int i = position; i < limit; i++) {
      if (bytes[i] == wanted) {
        return i;
      }
    }
    return -1;
  }
}
