package io.shardwell.statemachine;

import java.util.OptionalLong;

/** Commands on deadlines. */
final class ExpiryCommands {
  private static final long NO_KEY = -2;
  private static final long NO_EXPIRY = -1;

  private ExpiryCommands() {}

  /** EXPIRE, PEXPIRE, EXPIREAT and PEXPIREAT. */
  static Reply expire(Keyspace keys, Invocation call, ExpiryOption unit) {
    boolean nx = false;
    boolean xx = false;
    boolean gt = false;
    boolean lt = false;
    for (int i = 2; i < call.argumentCount(); i++) {
      byte[] word = call.argument(i);
      if (Command.equalsIgnoreCase(word, "NX")) {
        nx = true;
      } else if (Command.equalsIgnoreCase(word, "XX")) {
        xx = true;
      } else if (Command.equalsIgnoreCase(word, "GT")) {
        gt = true;
      } else if (Command.equalsIgnoreCase(word, "LT")) {
        lt = true;
      } else {
        return Failures.unsupportedOption(word);
      }
    }
    if (nx && (xx || gt || lt)) {
      return Failures.EXPIRE_NX_WITH_OTHERS;
    }
    if (gt && lt) {
      return Failures.EXPIRE_GT_WITH_LT;
    }
    OptionalLong time = DecimalInteger.parse(call.argument(1));
    if (time.isEmpty()) {
      return Failures.NOT_AN_INTEGER;
    }
    if (!unit.inRange(time.getAsLong(), keys.logTime())) {
      return Failures.invalidExpireTime(call.command());
    }
    long deadline = unit.signedDeadline(time.getAsLong(), keys.logTime());
    byte[] key = call.argument(0);
    long current = keys.deadlineOrAbsent(key);
    if (current == Keyspace.ABSENT) {
      return Reply.ZERO;
    }
    boolean forEver = current == Keyspace.NO_DEADLINE;
    if ((nx && !forEver)
        || (xx && forEver)
        || (gt && (forEver || deadline <= current))
        || (lt && !forEver && deadline >= current)) {
      return Reply.ZERO;
    }
    if (deadline <= keys.logTime()) {
      keys.remove(key);
    } else {
      keys.setDeadline(key, deadline);
    }
    return Reply.ONE;
  }

  static Reply persist(Keyspace keys, Invocation call) {
    byte[] key = call.argument(0);
    if (keys.deadline(key) == Keyspace.NO_DEADLINE) {
      return Reply.ZERO;
    }
    keys.setDeadline(key, Keyspace.NO_DEADLINE);
    return Reply.ONE;
  }

  /** PTTL. The key exists by log time, so there is at least one millisecond left, stamp or not. */
  static Reply pttl(Keyspace keys, byte[] key, long stampMillis) {
    return Reply.integer(remaining(keys, key, stampMillis));
  }

  /** TTL: PTTL rounded to seconds, which may be 0. */
  static Reply ttl(Keyspace keys, byte[] key, long stampMillis) {
    return Reply.integer(toSeconds(remaining(keys, key, stampMillis)));
  }

  /** EXPIRETIME and PEXPIRETIME. */
  static Reply expireTime(Keyspace keys, byte[] key, boolean inSeconds) {
    long millis = expireTime(keys, key);
    return Reply.integer(inSeconds ? toSeconds(millis) : millis);
  }

  private static long expireTime(Keyspace keys, byte[] key) {
    long deadline = keys.deadlineOrAbsent(key);
    if (deadline == Keyspace.ABSENT) {
      return NO_KEY;
    }
    return deadline == Keyspace.NO_DEADLINE ? NO_EXPIRY : deadline;
  }

  private static long remaining(Keyspace keys, byte[] key, long stampMillis) {
    long deadline = expireTime(keys, key);
    return deadline < 0 ? deadline : Math.max(1, deadline - Math.max(stampMillis, keys.logTime()));
  }

  /** As Redis rounds, but without its overflow. */
  private static long toSeconds(long millis) {
    return millis < 0 ? millis : millis / 1000 + (millis % 1000 >= 500 ? 1 : 0);
  }
}
