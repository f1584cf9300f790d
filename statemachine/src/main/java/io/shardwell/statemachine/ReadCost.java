package io.shardwell.statemachine;

/**
 * How many bytes of values a call goes through, known before it begins. A key can be named a
 * million times in one command, and a command in the log is executed by every replica, and again at
 * each restart: what has no limit here ends the cluster, not one answer.
 */
final class ReadCost {
  /** To visit a key takes about as long as to go through so many bytes. */
  private static final long SCANNED_KEY_BYTES = 256;

  private ReadCost() {}

  /** How long the values are that a GET or MGET answers with, in bytes; 0 for other commands. */
  static long answeredBytes(Keyspace keys, Invocation call) {
    return switch (call.command()) {
      case GET, MGET -> lengths(keys, call, call.argumentCount());
      default -> 0;
    };
  }

  /**
   * How many bytes the other commands that read, compare, copy or hash whole values go through; 0
   * for those that do not.
   */
  static long walkedBytes(Keyspace keys, Invocation call) {
    return switch (call.command()) {
      case BITOP -> longest(keys, call, 2) * Math.max(0, call.argumentCount() - 2);
      case GETRANGE, SUBSTR, BITCOUNT, BITPOS, BITFIELD_RO, DIGEST -> first(keys, call);
      case GETSET, GETDEL, GETEX, APPEND, SETRANGE, SETBIT, BITFIELD -> first(keys, call);
      case INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT -> first(keys, call);
      case EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT, PERSIST -> first(keys, call);
      case COPY, RENAME, RENAMENX, DELEX, DELIFEQ -> first(keys, call);
      case SET -> call.readsOldValue() ? first(keys, call) : 0;
      case SCAN -> Math.max(0, KeyCommands.scanned(call)) * SCANNED_KEY_BYTES;
      case LCS ->
          call.hasValidArity()
              ? LcsCommand.tableBytes(length(keys, call, 0), length(keys, call, 1))
              : 0;
      default -> 0;
    };
  }

  /** How long the value is that a call has made of a shorter one, in bytes; 0 for most. */
  static long madeBytes(Keyspace keys, Invocation call) {
    return switch (call.command()) {
      case SETRANGE, SETBIT, BITFIELD -> first(keys, call);
      default -> 0;
    };
  }

  /** How long the values of all keys of the call are, in bytes: to touch a key is to hash it. */
  static long keyed(Keyspace keys, Invocation call) {
    long sum = 0;
    for (byte[] key : call.keys()) {
      sum += Math.max(0, keys.valueLength(key));
    }
    return sum;
  }

  private static long first(Keyspace keys, Invocation call) {
    return lengths(keys, call, 1);
  }

  /** Each of several values is combined over the length of the longest. */
  private static long longest(Keyspace keys, Invocation call, int from) {
    int longest = 0;
    for (int i = from; i < call.argumentCount(); i++) {
      longest = Math.max(longest, length(keys, call, i));
    }
    return longest;
  }

  /** Of the values that the first so many arguments name. */
  private static long lengths(Keyspace keys, Invocation call, int arguments) {
    long sum = 0;
    for (int i = 0; i < Math.min(arguments, call.argumentCount()); i++) {
      sum += length(keys, call, i);
    }
    return sum;
  }

  private static int length(Keyspace keys, Invocation call, int argument) {
    return Math.max(0, keys.valueLength(call.argument(argument)));
  }
}
