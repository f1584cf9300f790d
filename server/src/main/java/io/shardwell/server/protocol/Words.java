package io.shardwell.server.protocol;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Splits a line into words as redis-cli and Redis's inline commands do: blanks separate; "..." may
 * hold \n \r \t \b \a \xHH and \ before any other character; '...' may hold \' only.
 */
public final class Words {

  private Words() {}

  /** The words of bytes [from, to); null if quotes are unbalanced or something follows a quote. */
  public static byte @Nullable [][] split(byte[] line, int from, int to) {
    List<byte[]> words = new ArrayList<>(4);
    Splitter splitter = new Splitter(line, from, to);
    while (splitter.skipBlanks()) {
      byte[] word = splitter.word();
      if (word == null) {
        return null;
      }
      words.add(word);
    }
    return words.toArray(byte[][]::new);
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || (b >= '\t' && b <= '\r') || b == 0;
  }

  private static final class Splitter {
    private final byte[] line;
    private final int to;
    private int at;

    Splitter(byte[] line, int from, int to) {
      this.line = line;
      this.at = from;
      this.to = to;
    }

    boolean skipBlanks() {
      while (at < to && isBlank(line[at])) {
        at++;
      }
      return at < to;
    }

    byte @Nullable [] word() {
      ByteArrayOutputStream word = new ByteArrayOutputStream(32);
      while (at < to && !isBlank(line[at])) {
        byte b = line[at++];
        if (b == '"' || b == '\'') {
          if (!quoted(b, word) || (at < to && !isBlank(line[at]))) {
            return null;
          }
          return word.toByteArray();
        }
        word.write(b);
      }
      return word.toByteArray();
    }

    /** Reads up to and with the closing quote; false if there is none. */
    private boolean quoted(byte quote, ByteArrayOutputStream word) {
      while (at < to) {
        byte b = line[at++];
        if (b == quote) {
          return true;
        }
        if (b != '\\' || at == to || (quote == '\'' && line[at] != '\'')) {
          word.write(b);
        } else {
          word.write(quote == '\'' ? line[at++] : escaped());
        }
      }
      return false;
    }

    private int escaped() {
      byte b = line[at++];
      if (b == 'x' && at + 1 < to) {
        int high = Character.digit(line[at], 16);
        int low = Character.digit(line[at + 1], 16);
        if (high >= 0 && low >= 0) {
          at += 2;
          return 16 * high + low;
        }
      }
      return switch (b) {
        case 'n' -> '\n';
        case 'r' -> '\r';
        case 't' -> '\t';
        case 'b' -> '\b';
        case 'a' -> 7;
        default -> b;
      };
    }
  }
}
