package io.shardwell.statemachine;

/**
 * How many bytes of values a call goes through, known before it begins. A key can be named a
 * million times in one command, and a command in the log is executed by every replica, and again at
 * each restart: what has no limit here ends the cluster, not one answer.
 */
final class ReadCost {
  private ReadCost() {}

  /** How long the values are that a GET or MGET answers with, in bytes; 0 for other commands. */
  static long answeredBytes(Keyspace keys, Invocation call) {
    return switch (call.command()) {
      case GET, MGET -> lengths(keys, call, 0);
      default -> 0;
    };
  }

  /**
   * How many bytes the other commands that read, compare or copy whole values go through; 0 for
   * those that do not.
   */
  static long walkedBytes(Keyspace keys, Invocation call) {
    return switch (call.command()) {
      case BITOP -> lengths(keys, call, 2);
      case GETRANGE, SUBSTR, BITCOUNT, BITPOS, BITFIELD_RO, DIGEST -> lengths(keys, call, 0, 1);
      case GETSET, GETDEL, GETEX, APPEND, SETRANGE, SETBIT, BITFIELD -> lengths(keys, call, 0, 1);
      case COPY, RENAME, RENAMENX, DELEX, DELIFEQ -> lengths(keys, call, 0, 1);
      case SET -> call.argumentCount() > 2 ? lengths(keys, call, 0, 1) : 0;
      case LCS -> LcsCommand.tableBytes(length(keys, call, 0), length(keys, call, 1));
      default -> 0;
    };
  }

  private static long lengths(Keyspace keys, Invocation call, int from) {
    return lengths(keys, call, from, call.argumentCount());
  }

  private static long lengths(Keyspace keys, Invocation call, int from, int to) {
    long sum = 0;
    for (int i = from; i < Math.min(to, call.argumentCount()); i++) {
      sum += length(keys, call, i);
    }
    return sum;
  }

  private static int length(Keyspace keys, Invocation call, int argument) {
    return Math.max(0, keys.valueLength(call.argument(argument)));
  }
}
