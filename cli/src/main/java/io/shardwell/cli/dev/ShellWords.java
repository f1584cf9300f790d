package io.shardwell.cli.dev;

import java.util.List;
import java.util.regex.Pattern;

/** Commands as one would type them. */
final class ShellWords {

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

  private ShellWords() {}

  /** A command that a POSIX shell splits into exactly these words. */
  static String join(String first, List<String> rest) {
    StringBuilder line = new StringBuilder(quote(first));
    rest.forEach(word -> line.append(' ').append(quote(word)));
    return line.toString();
  }

  private static String quote(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
