package io.shardwell.server;

import java.util.Locale;
import java.util.Map;

/** Numbers of bytes as Redis writes them: {@code 100mb}, {@code 1g}, {@code 1048576}. */
public final class MemorySize {

  // As in Redis: a k is a thousand, a kb is 1024.
  private static final Map<String, Long> UNITS =
      Map.of(
          "", 1L,
          "b", 1L,
          "k", 1_000L,
          "kb", 1L << 10,
          "m", 1_000_000L,
          "mb", 1L << 20,
          "g", 1_000_000_000L,
          "gb", 1L << 30);

  private MemorySize() {}

  /**
   * The number of bytes that is meant.
   *
   * @throws IllegalArgumentException if it is none, or more than a long holds
   */
  public static long parse(String text) {
    int digits = 0;
    while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
      digits++;
    }
    Long unit = UNITS.get(text.substring(digits).toLowerCase(Locale.ROOT));
    if (digits == 0 || unit == null) {
      throw new IllegalArgumentException("'" + text + "' is not a number of bytes such as 100mb");
    }
    try {
      return Math.multiplyExact(Long.parseLong(text.substring(0, digits)), unit);
    } catch (ArithmeticException | NumberFormatException tooLarge) {
      throw new IllegalArgumentException("'" + text + "' is too large", tooLarge);
    }
  }
}
