package io.shardwell.server.command;

import java.util.Locale;

/** Patterns of CONFIG GET and COMMAND LIST: * ? and [classes], case ignored. */
final class Glob {

  private Glob() {}

  static boolean matches(String pattern, String text) {
    return matches(pattern.toLowerCase(Locale.ROOT), 0, text.toLowerCase(Locale.ROOT), 0);
  }

  // Both sides are short names of ours or bounded by a line; a star backtracks to the last one
  // only.
  private static boolean matches(String pattern, int patternFrom, String text, int textFrom) {
    int p = patternFrom;
    int t = textFrom;
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
