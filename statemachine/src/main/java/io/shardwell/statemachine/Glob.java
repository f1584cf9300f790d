package io.shardwell.statemachine;

/**
 * Patterns of KEYS and SCAN, as Redis's stringmatchlen reads them: '*', '?', classes with ranges
 * and '^', and '\' before a letter that is meant.
 *
 * <p>A star that fails never makes an earlier star try again: it could not find anything a later
 * one has not. So the work is at most pattern times text. That is still minutes for the longest of
 * both: it is counted, and a text that takes too much is given up.
 */
final class Glob {

  /** Letters of the pattern that one text may be compared with. */
  static final long MAX_STEPS = 16 << 20;

  private final byte[] pattern;
  private long steps;
  private boolean gaveUp;

  Glob(byte[] pattern) {
    this.pattern = pattern;
  }

  /** Letters of the pattern that texts have been compared with, over all calls. */
  long steps() {
    return steps;
  }

  /** Whether a text was given up, and what was said of it is no answer. */
  boolean gaveUp() {
    return gaveUp;
  }

  /** Whether the whole text fits the pattern, as far as {@link #MAX_STEPS} show. */
  boolean matches(byte[] text) {
    long mostSteps = steps + MAX_STEPS;
    int at = 0;
    int in = 0;
    int starNext = -1;
    int starIn = 0;
    while (in < text.length) {
      if (++steps > mostSteps) {
        gaveUp = true;
        return false;
      }
      if (at < pattern.length && pattern[at] == '*') {
        starNext = ++at;
        starIn = in;
      } else if (at < pattern.length && matchesOne(at, text[in])) {
        at = next(at);
        in++;
      } else if (starNext >= 0) {
        at = starNext;
        in = ++starIn;
      } else {
        return false;
      }
    }
    while (at < pattern.length && pattern[at] == '*') {
      at++;
    }
    return at == pattern.length;
  }

  /** Whether what starts at a position of the pattern, no star, fits a letter. */
  private boolean matchesOne(int at, byte letter) {
    return switch (pattern[at]) {
      case '?' -> true;
      case '[' -> classMatches(at + 1, letter);
      case '\\' -> pattern[at + 1 < pattern.length ? at + 1 : at] == letter;
      default -> pattern[at] == letter;
    };
  }

  /** The position behind what starts at a position, no star. */
  private int next(int at) {
    if (pattern[at] == '\\' && at + 1 < pattern.length) {
      return at + 2;
    }
    return pattern[at] == '[' ? classEnd(at + 1) : at + 1;
  }

  /** A class without an end reaches to the end of the pattern. */
  private int classEnd(int from) {
    int at = from < pattern.length && pattern[from] == '^' ? from + 1 : from;
    while (at < pattern.length) {
      if (pattern[at] == '\\' && at + 1 < pattern.length) {
        at += 2;
      } else if (pattern[at] == ']') {
        return at + 1;
      } else if (isRange(at)) {
        at += 3;
      } else {
        at++;
      }
    }
    return at;
  }

  private boolean classMatches(int from, byte letter) {
    int at = from;
    boolean negated = at < pattern.length && pattern[at] == '^';
    if (negated) {
      at++;
    }
    boolean found = false;
    int begin = at;
    while (at < pattern.length && pattern[at] != ']') {
      if (pattern[at] == '\\' && at + 1 < pattern.length) {
        found |= pattern[at + 1] == letter;
        at += 2;
      } else if (isRange(at)) {
        int low = Math.min(pattern[at] & 0xff, pattern[at + 2] & 0xff);
        int high = Math.max(pattern[at] & 0xff, pattern[at + 2] & 0xff);
        found |= (letter & 0xff) >= low && (letter & 0xff) <= high;
        at += 3;
      } else {
        found |= pattern[at] == letter;
        at++;
      }
    }
    steps += at - begin;
    return found != negated;
  }

  private boolean isRange(int at) {
    return at + 2 < pattern.length && pattern[at + 1] == '-';
  }
}
