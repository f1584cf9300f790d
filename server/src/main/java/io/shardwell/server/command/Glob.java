package io.shardwell.server.command;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A pattern of CONFIG GET or COMMAND LIST: * ? and [classes], case ignored. A client writes it, so
 * that it is decoded once, and read at all only if it is not longer than a name could need.
 */
final class Glob {

  /** A longer pattern fits nothing, in bytes: the names that are looked for have a tenth of it. */
  static final int MAX_PATTERN_BYTES = 256;

  private final String pattern;
  private final boolean tooLong;

  private Glob(String pattern, boolean tooLong) {
    this.pattern = pattern;
    this.tooLong = tooLong;
  }

  static Glob of(byte[] pattern) {
    return pattern.length > MAX_PATTERN_BYTES
        ? new Glob("", true)
        : new Glob(new String(pattern, StandardCharsets.UTF_8).toLowerCase(Locale.ROOT), false);
  }

  boolean matches(String text) {
    return !tooLong && matches(pattern, text.toLowerCase(Locale.ROOT));
  }

  // The text is a short name of ours and the pattern has a limit, a class included: so what they
  // cost together has one. A star backtracks to the last one only.
  private static boolean matches(String pattern, String text) {
    int p = 0;
    int t = 0;
    int star = -1;
    int starText = 0;
    while (t < text.length()) {
      int next = p < pattern.length() ? matchOne(pattern, p, text.charAt(t)) : -1;
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = p++;
        starText = t;
      } else if (next > 0) {
        p = next;
        t++;
      } else if (star >= 0) {
        p = star + 1;
        t = ++starText;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }

  /** The position after the pattern's element at p if it matches the character, else -1. */
  private static int matchOne(String pattern, int p, char c) {
    char head = pattern.charAt(p);
    if (head == '?') {
      return p + 1;
    }
    if (head == '\\' && p + 1 < pattern.length()) {
      return pattern.charAt(p + 1) == c ? p + 2 : -1;
    }
    if (head != '[') {
      return head == c ? p + 1 : -1;
    }
    int at = p + 1;
    boolean inverted = at < pattern.length() && pattern.charAt(at) == '^';
    if (inverted) {
      at++;
    }
    boolean found = false;
    while (at < pattern.length() && pattern.charAt(at) != ']') {
      char low = pattern.charAt(at);
      char high = low;
      if (at + 2 < pattern.length() && pattern.charAt(at + 1) == '-') {
        high = pattern.charAt(at + 2);
        at += 2;
      }
      found |= c >= Math.min(low, high) && c <= Math.max(low, high);
      at++;
    }
    return found != inverted ? Math.min(at + 1, pattern.length()) : -1;
  }
}
