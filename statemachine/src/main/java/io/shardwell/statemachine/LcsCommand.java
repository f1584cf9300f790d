package io.shardwell.statemachine;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * LCS: the longest common subsequence of two values, by the table of Wagner and Fischer, walked
 * back from its end as Redis does, so that of several equally long ones the same is found.
 */
final class LcsCommand {
  private static final Reply.Failure LENGTH_AND_INDEXES =
      new Reply.Failure("ERR If you want both the length and indexes, please just use IDX.");

  /** The table has a cell of four bytes for each pair of bytes: 4 Mi of them take some 10 ms. */
  private static final Reply.Failure TOO_LARGE =
      new Reply.Failure(
          "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");

  private static final byte[] NOTHING = {};

  private LcsCommand() {}

  static Reply lcs(Keyspace keys, Invocation call) {
    boolean indexes = false;
    boolean length = false;
    boolean withLength = false;
    long least = 0;
    for (int i = 2; i < call.argumentCount(); i++) {
      byte[] word = call.argument(i);
      if (Command.equalsIgnoreCase(word, "IDX")) {
        indexes = true;
      } else if (Command.equalsIgnoreCase(word, "LEN")) {
        length = true;
      } else if (Command.equalsIgnoreCase(word, "WITHMATCHLEN")) {
        withLength = true;
      } else if (Command.equalsIgnoreCase(word, "MINMATCHLEN") && i + 1 < call.argumentCount()) {
        i++;
        OptionalLong parsed = DecimalInteger.parse(call.argument(i));
        if (parsed.isEmpty()) {
          return Failures.NOT_AN_INTEGER;
        }
        least = parsed.getAsLong();
      } else {
        return Failures.SYNTAX;
      }
    }
    if (indexes && length) {
      return LENGTH_AND_INDEXES;
    }
    byte[] a = valueOrNothing(keys, call.argument(0));
    byte[] b = valueOrNothing(keys, call.argument(1));
    if (tableBytes(a.length, b.length) > Limits.MAX_VALUE_BYTES) {
      return TOO_LARGE;
    }
    Table table = Table.of(a, b);
    int longest = table.at(a.length, b.length);
    if (length) {
      return Reply.integer(longest);
    }
    byte[] common = new byte[longest];
    List<Reply> matches = walkBack(table, a, b, common, least, withLength);
    return indexes
        ? new Reply.Array(
            List.of(
                Reply.Bulk.of("matches"),
                new Reply.Array(matches),
                Reply.Bulk.of("len"),
                Reply.integer(longest)))
        : new Reply.Bulk(common);
  }

  /** How much memory the table of two values of these lengths takes, in bytes. */
  static long tableBytes(int a, int b) {
    return (a + 1L) * (b + 1L) * Integer.BYTES;
  }

  private static byte[] valueOrNothing(Keyspace keys, byte[] key) {
    byte[] value = keys.get(key);
    return value == null ? NOTHING : value;
  }

  /**
   * How long the longest common subsequence of the first i bytes of one, j of the other is. One
   * array: a long value and a short one would make millions of tiny ones, of many times its memory.
   */
  private static final class Table {
    private final int[] cells;
    private final int columns;

    private Table(int rows, int columns) {
      this.cells = new int[rows * columns];
      this.columns = columns;
    }

    static Table of(byte[] a, byte[] b) {
      Table table = new Table(a.length + 1, b.length + 1);
      for (int i = 1; i <= a.length; i++) {
        for (int j = 1; j <= b.length; j++) {
          table.cells[i * table.columns + j] =
              a[i - 1] == b[j - 1]
                  ? table.at(i - 1, j - 1) + 1
                  : Math.max(table.at(i - 1, j), table.at(i, j - 1));
        }
      }
      return table;
    }

    int at(int i, int j) {
      return cells[i * columns + j];
    }
  }

  /** Fills in the subsequence, and returns the ranges it consists of, the last one first. */
  private static List<Reply> walkBack(
      Table table, byte[] a, byte[] b, byte[] common, long least, boolean withLength) {
    List<Reply> matches = new ArrayList<>();
    int left = common.length;
    int i = a.length;
    int j = b.length;
    int run = 0; // How many bytes from i and j on are the same, as far as the walk took them.
    while (i > 0 && j > 0) {
      boolean same = a[i - 1] == b[j - 1];
      if (same) {
        left--;
        common[left] = a[i - 1];
        i--;
        j--;
        run++;
      }
      boolean ends = !same || i == 0 || j == 0;
      if (ends && run > 0) {
        if (run >= least) {
          matches.add(match(i, j, run, withLength));
        }
        run = 0;
      }
      if (!same) {
        if (table.at(i - 1, j) > table.at(i, j - 1)) {
          i--;
        } else {
          j--;
        }
      }
    }
    return matches;
  }

  private static Reply match(int i, int j, int run, boolean withLength) {
    List<Reply> match = new ArrayList<>(3);
    match.add(range(i, run));
    match.add(range(j, run));
    if (withLength) {
      match.add(Reply.integer(run));
    }
    return new Reply.Array(match);
  }

  private static Reply range(int from, int length) {
    return new Reply.Array(List.of(Reply.integer(from), Reply.integer(from + length - 1)));
  }
}
