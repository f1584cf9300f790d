package io.shardwell.statemachine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * Commands on values as strings of bytes. Like all command classes: everything that can fail is
 * checked before the keyspace changes.
 */
final class StringCommands {
  private static final Reply.Failure INVALID_NUMKEYS =
      new Reply.Failure("ERR invalid numkeys value");
  private static final Reply.Failure WRONG_NUMBER_OF_PAIRS =
      new Reply.Failure("ERR wrong number of key-value pairs");

  private StringCommands() {}

  static Reply get(Keyspace keys, Invocation call) {
    return bulkOrNil(keys, call.argument(0));
  }

  static Reply mget(Keyspace keys, Invocation call) {
    List<Reply> values = new ArrayList<>(call.argumentCount());
    for (int i = 0; i < call.argumentCount(); i++) {
      values.add(bulkOrNil(keys, call.argument(i)));
    }
    return new Reply.Array(values);
  }

  static Reply strlen(Keyspace keys, Invocation call) {
    return Reply.integer(Math.max(0, keys.valueLength(call.argument(0))));
  }

  static Reply getRange(Keyspace keys, Invocation call) {
    OptionalLong first = DecimalInteger.parse(call.argument(1));
    OptionalLong last = DecimalInteger.parse(call.argument(2));
    if (first.isEmpty() || last.isEmpty()) {
      return Failures.NOT_AN_INTEGER;
    }
    byte[] value = keys.get(call.argument(0));
    boolean crossed = first.getAsLong() > last.getAsLong() && first.getAsLong() < 0;
    if (value == null || crossed) {
      return Reply.EMPTY;
    }
    long from = fromStart(first.getAsLong(), value.length);
    long to = Math.min(fromStart(last.getAsLong(), value.length), value.length - 1L);
    return from > to
        ? Reply.EMPTY
        : new Reply.Bulk(Arrays.copyOfRange(value, (int) from, (int) to + 1));
  }

  static Reply set(Keyspace keys, Invocation call) {
    StringOptions options = StringOptions.parse(call, 2);
    if (options == null) {
      return Failures.SYNTAX;
    }
    Reply.Failure failure = options.timeFailure(call.command(), keys.logTime());
    failure = failure == null ? options.conditionFailure() : failure;
    if (failure != null) {
      return failure;
    }
    byte[] key = call.argument(0);
    Reply before = options.get() ? bulkOrNil(keys, key) : Reply.NIL;
    if (!options.permits(keys, key)) {
      return before;
    }
    long deadline = options.keepTtl() ? keys.deadline(key) : options.deadline(keys.logTime());
    if (!keys.put(key, call.argument(1), deadline)) {
      return Failures.OUT_OF_MEMORY;
    }
    if (options.getVersion()) {
      return Reply.integer(keys.version(key));
    }
    return options.get() ? before : Reply.OK;
  }

  static Reply setNx(Keyspace keys, Invocation call) {
    if (keys.contains(call.argument(0))) {
      return Reply.ZERO;
    }
    return keys.put(call.argument(0), call.argument(1), Keyspace.NO_DEADLINE)
        ? Reply.ONE
        : Failures.OUT_OF_MEMORY;
  }

  /** SETEX and PSETEX. */
  static Reply setEx(Keyspace keys, Invocation call, ExpiryOption unit) {
    OptionalLong time = DecimalInteger.parse(call.argument(1));
    if (time.isEmpty()) {
      return Failures.NOT_AN_INTEGER;
    }
    long deadline = unit.deadline(time.getAsLong(), keys.logTime());
    if (deadline < 0) {
      return Failures.invalidExpireTime(call.command());
    }
    return keys.put(call.argument(0), call.argument(2), deadline)
        ? Reply.OK
        : Failures.OUT_OF_MEMORY;
  }

  static Reply getSet(Keyspace keys, Invocation call) {
    Reply before = bulkOrNil(keys, call.argument(0));
    return keys.put(call.argument(0), call.argument(1), Keyspace.NO_DEADLINE)
        ? before
        : Failures.OUT_OF_MEMORY;
  }

  static Reply getDel(Keyspace keys, Invocation call) {
    Reply before = bulkOrNil(keys, call.argument(0));
    keys.remove(call.argument(0));
    return before;
  }

  static Reply getEx(Keyspace keys, Invocation call) {
    StringOptions options = StringOptions.parse(call, 1);
    if (options == null) {
      return Failures.SYNTAX;
    }
    byte[] key = call.argument(0);
    Reply value = bulkOrNil(keys, key);
    if (value == Reply.NIL) {
      return value;
    }
    Reply.Failure failure = options.timeFailure(call.command(), keys.logTime());
    if (failure != null) {
      return failure;
    }
    if (options.hasExpiry()) {
      keys.setDeadline(key, options.deadline(keys.logTime()));
    } else if (options.persist() && keys.deadline(key) != Keyspace.NO_DEADLINE) {
      keys.setDeadline(key, Keyspace.NO_DEADLINE);
    } else {
      keys.touch(key);
    }
    return value;
  }

  static Reply append(Keyspace keys, Invocation call) {
    byte[] key = call.argument(0);
    byte[] more = call.argument(1);
    int before = Math.max(0, keys.valueLength(key));
    if (before + more.length > Limits.MAX_VALUE_BYTES) {
      return Failures.STRING_TOO_LARGE;
    }
    byte[] old = keys.get(key);
    byte[] value = more;
    if (old != null) {
      value = Arrays.copyOf(old, before + more.length);
      System.arraycopy(more, 0, value, before, more.length);
    }
    return keys.putKeepingDeadline(key, value)
        ? Reply.integer(value.length)
        : Failures.OUT_OF_MEMORY;
  }

  static Reply setRange(Keyspace keys, Invocation call) {
    OptionalLong parsed = DecimalInteger.parse(call.argument(1));
    if (parsed.isEmpty()) {
      return Failures.NOT_AN_INTEGER;
    }
    long offset = parsed.getAsLong();
    if (offset < 0) {
      return Failures.OFFSET_OUT_OF_RANGE;
    }
    byte[] key = call.argument(0);
    byte[] part = call.argument(2);
    int before = Math.max(0, keys.valueLength(key));
    if (part.length == 0) {
      return Reply.integer(before);
    }
    if (offset > Limits.MAX_VALUE_BYTES - part.length) {
      return Failures.STRING_TOO_LARGE;
    }
    byte[] old = keys.get(key);
    int end = (int) offset + part.length;
    byte[] value = old == null ? new byte[end] : Arrays.copyOf(old, Math.max(before, end));
    System.arraycopy(part, 0, value, (int) offset, part.length);
    return keys.putKeepingDeadline(key, value)
        ? Reply.integer(value.length)
        : Failures.OUT_OF_MEMORY;
  }

  static Reply mset(Keyspace keys, Invocation call) {
    return keys.putAll(call.arguments(), Keyspace.NO_DEADLINE) ? Reply.OK : Failures.OUT_OF_MEMORY;
  }

  static Reply msetNx(Keyspace keys, Invocation call) {
    for (byte[] key : call.keys()) {
      if (keys.contains(key)) {
        return Reply.ZERO;
      }
    }
    return keys.putAll(call.arguments(), Keyspace.NO_DEADLINE) ? Reply.ONE : Failures.OUT_OF_MEMORY;
  }

  static Reply msetEx(Keyspace keys, Invocation call) {
    OptionalLong claimed = DecimalInteger.parse(call.argument(0));
    if (claimed.isEmpty() || claimed.getAsLong() < 1 || claimed.getAsLong() > Integer.MAX_VALUE) {
      return INVALID_NUMKEYS;
    }
    int count = call.countedKeys();
    if (count == 0) {
      return WRONG_NUMBER_OF_PAIRS;
    }
    int end = 1 + 2 * count;
    StringOptions options = StringOptions.parse(call, end);
    if (options == null) {
      return Failures.SYNTAX;
    }
    Reply.Failure failure = options.timeFailure(call.command(), keys.logTime());
    if (failure != null) {
      return failure;
    }
    for (byte[] key : call.keys()) {
      if (!options.permits(keys, key)) {
        return Reply.ZERO;
      }
    }
    List<byte[]> pairs = call.arguments().subList(1, end);
    boolean done =
        options.keepTtl()
            ? keys.putAllKeepingDeadlines(pairs)
            : keys.putAll(pairs, options.deadline(keys.logTime()));
    return done ? Reply.ONE : Failures.OUT_OF_MEMORY;
  }

  private static Reply bulkOrNil(Keyspace keys, byte[] key) {
    byte[] value = keys.get(key);
    return value == null ? Reply.NIL : new Reply.Bulk(value);
  }

  /** Negative positions count from the end. */
  private static long fromStart(long position, int length) {
    return position >= 0 ? position : Math.max(0, length + position);
  }
}
