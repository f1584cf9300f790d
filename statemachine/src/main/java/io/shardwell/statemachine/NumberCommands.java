package io.shardwell.statemachine;

import java.util.OptionalLong;

/** Commands on values as numbers. */
final class NumberCommands {
  private static final byte[] ZERO = {'0'};

  private NumberCommands() {}

  /** INCRBY. */
  static Reply incrementBy(Keyspace keys, Invocation call) {
    OptionalLong amount = DecimalInteger.parse(call.argument(1));
    return amount.isEmpty()
        ? Failures.NOT_AN_INTEGER
        : add(keys, call.argument(0), amount.getAsLong());
  }

  /** DECRBY. */
  static Reply decrementBy(Keyspace keys, Invocation call) {
    OptionalLong amount = DecimalInteger.parse(call.argument(1));
    if (amount.isEmpty()) {
      return Failures.NOT_AN_INTEGER;
    }
    return amount.getAsLong() == Long.MIN_VALUE
        ? Failures.DECREMENT_OVERFLOW
        : add(keys, call.argument(0), -amount.getAsLong());
  }

  /** INCR, DECR and all that comes down to them. */
  static Reply add(Keyspace keys, byte[] key, long amount) {
    byte[] value = keys.get(key);
    OptionalLong before = value == null ? OptionalLong.of(0) : DecimalInteger.parse(value);
    if (before.isEmpty()) {
      return Failures.NOT_AN_INTEGER;
    }
    long sum = before.getAsLong() + amount;
    boolean overflow = ((before.getAsLong() ^ sum) & (amount ^ sum)) < 0;
    if (overflow) {
      return Failures.INCREMENT_OVERFLOW;
    }
    return keys.putKeepingDeadline(key, DecimalInteger.format(sum))
        ? Reply.integer(sum)
        : Failures.OUT_OF_MEMORY;
  }

  static Reply incrementByFloat(Keyspace keys, Invocation call) {
    byte[] key = call.argument(0);
    byte[] value = keys.get(key);
    ExtendedFloat.Operand before = ExtendedFloat.parse(value == null ? ZERO : value);
    ExtendedFloat.Operand amount = ExtendedFloat.parse(call.argument(1));
    if (before == null || amount == null) {
      return Failures.NOT_A_FLOAT;
    }
    ExtendedFloat a = before.finite();
    ExtendedFloat b = amount.finite();
    ExtendedFloat sum = a == null || b == null ? null : a.plus(b);
    if (sum == null) {
      return Failures.FLOAT_OVERFLOW;
    }
    byte[] after = sum.format();
    return keys.putKeepingDeadline(key, after) ? new Reply.Bulk(after) : Failures.OUT_OF_MEMORY;
  }
}
