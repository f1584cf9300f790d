package io.shardwell.statemachine;

import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

/** 64-bit integers as Redis reads and writes them. */
public final class DecimalInteger {
  private static final int MAX_DIGITS = 20;

  private DecimalInteger() {}

  /**
   * Reads the shortest decimal form, and no other: no blanks, no plus sign, no leading zeros, no
   * minus zero. So a value that counts as a number is one that {@link #format} would write again.
   */
  public static OptionalLong parse(byte[] text) {
    int length = text.length;
    if (length == 0 || length > MAX_DIGITS) {
      return OptionalLong.empty();
    }
    boolean negative = text[0] == '-';
    int at = negative ? 1 : 0;
    if (at == length || text[at] < '0' || text[at] > '9') {
      return OptionalLong.empty();
    }
    if (text[at] == '0') {
      return length == 1 ? OptionalLong.of(0) : OptionalLong.empty();
    }
    // Counts downwards, because there is one more negative number than there are positive ones.
    long value = 0;
    for (; at < length; at++) {
      int digit = text[at] - '0';
      if (digit < 0 || digit > 9 || value < (Long.MIN_VALUE + digit) / 10) {
        return OptionalLong.empty();
      }
      value = value * 10 - digit;
    }
    if (negative) {
      return OptionalLong.of(value);
    }
    return value == Long.MIN_VALUE ? OptionalLong.empty() : OptionalLong.of(-value);
  }

  static byte[] format(long value) {
    return Long.toString(value).getBytes(StandardCharsets.ISO_8859_1);
  }
}
