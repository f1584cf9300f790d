package io.shardwell.raftgroup.routing;

import java.util.OptionalLong;

/** Cursors as Redis reads them, which is what C's strtoul makes of a text up to a zero byte. */
final class ScanCursor {
  private ScanCursor() {}

  /**
   * An unsigned number: a sign may precede it, minus wrapping around; nothing at all is 0. Empty
   * for anything else, blanks in front included.
   */
  static OptionalLong parse(byte[] text) {
    int end = 0;
    while (end < text.length && text[end] != 0) {
      end++;
    }
    if (end == 0) {
      return OptionalLong.of(0);
    }
    boolean signed = text[0] == '-' || text[0] == '+';
    int from = signed ? 1 : 0;
    if (from == end) {
      return OptionalLong.empty();
    }
    long value = 0;
    for (int i = from; i < end; i++) {
      int digit = text[i] - '0';
      boolean tooLarge = Long.compareUnsigned(value, Long.divideUnsigned(-1L - digit, 10)) > 0;
      if (digit < 0 || digit > 9 || tooLarge) {
        return OptionalLong.empty();
      }
      value = value * 10 + digit;
    }
    return OptionalLong.of(text[0] == '-' ? -value : value);
  }
}
