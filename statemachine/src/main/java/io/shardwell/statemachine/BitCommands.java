package io.shardwell.statemachine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Commands on values as strings of bits; bit 0 is the highest of the first byte. */
final class BitCommands {
  private static final Reply.Failure NO_BIT =
      new Reply.Failure("ERR The bit argument must be 1 or 0.");
  private static final Reply.Failure NOT_OF_SEVERAL =
      new Reply.Failure("ERR BITOP NOT must be called with a single source key.");
  private static final long MAX_BITS = 8L * Limits.MAX_VALUE_BYTES;

  /** What a read may ask for, as in Redis: there is nothing beyond the end of a value but zeros. */
  private static final long MAX_READ_BITS = 1L << 32;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private enum Operation {
    AND,
    OR,
    XOR,
    NOT
  }

  private BitCommands() {}

  static Reply setBit(Keyspace keys, Invocation call) {
    long offset = offset(call.argument(1), MAX_BITS);
    if (offset < 0) {
      return Failures.BIT_OFFSET_OUT_OF_RANGE;
    }
    OptionalLong bit = DecimalInteger.parse(call.argument(2));
    if (bit.isEmpty() || (bit.getAsLong() & ~1) != 0) {
      return Failures.BIT_OUT_OF_RANGE;
    }
    byte[] key = call.argument(0);
    byte[] old = keys.get(key);
    int at = (int) (offset >> 3);
    int mask = 0x80 >> (offset & 7);
    boolean set = bit.getAsLong() == 1;
    boolean wasSet = old != null && at < old.length && (old[at] & mask) != 0;
    if (old != null && at < old.length && wasSet == set) {
      keys.touch(key); // As Redis: what changes nothing is no change to those who watch the key.
      return Reply.integer(wasSet ? 1 : 0);
    }
    byte[] value =
        old == null ? new byte[at + 1] : Arrays.copyOf(old, Math.max(old.length, at + 1));
    value[at] = (byte) (set ? value[at] | mask : value[at] & ~mask);
    return keys.putKeepingDeadline(key, value)
        ? Reply.integer(wasSet ? 1 : 0)
        : Failures.OUT_OF_MEMORY;
  }

  static Reply getBit(Keyspace keys, Invocation call) {
    long offset = offset(call.argument(1), MAX_READ_BITS);
    if (offset < 0) {
      return Failures.BIT_OFFSET_OUT_OF_RANGE;
    }
    int found = keys.byteAt(call.argument(0), (int) (offset >> 3));
    return Reply.integer((found & (0x80 >> (offset & 7))) != 0 ? 1 : 0);
  }

  static Reply bitCount(Keyspace keys, Invocation call) {
    byte[] value = keys.get(call.argument(0));
    if (value == null) {
      return Reply.ZERO;
    }
    if (call.argumentCount() == 1) {
      return Reply.integer(count(value, 0, 8L * value.length - 1));
    }
    if (call.argumentCount() > 4 || call.argumentCount() == 2) {
      return Failures.SYNTAX;
    }
    OptionalLong first = DecimalInteger.parse(call.argument(1));
    OptionalLong last = DecimalInteger.parse(call.argument(2));
    if (first.isEmpty() || last.isEmpty()) {
      return Failures.NOT_AN_INTEGER;
    }
    if (first.getAsLong() < 0 && last.getAsLong() < 0 && first.getAsLong() > last.getAsLong()) {
      return Reply.ZERO;
    }
    int bits = call.argumentCount() == 4 ? bitsOfUnit(call.argument(3)) : 8;
    if (bits == 0) {
      return Failures.SYNTAX;
    }
    long units = 8L * value.length / bits;
    long from = first(first.getAsLong(), units) * bits;
    long to = (last(last.getAsLong(), units) + 1) * bits - 1;
    return Reply.integer(count(value, from, to));
  }

  static Reply bitPos(Keyspace keys, Invocation call) {
    OptionalLong wanted = DecimalInteger.parse(call.argument(1));
    if (wanted.isEmpty()) {
      return Failures.NOT_AN_INTEGER;
    }
    if (wanted.getAsLong() != 0 && wanted.getAsLong() != 1) {
      return NO_BIT;
    }
    boolean set = wanted.getAsLong() == 1;
    byte[] value = keys.get(call.argument(0));
    if (value == null) {
      return Reply.integer(set ? -1 : 0); // As if it were zeros without end.
    }
    int words = call.argumentCount();
    if (words > 5) {
      return Failures.SYNTAX;
    }
    OptionalLong first = words > 2 ? DecimalInteger.parse(call.argument(2)) : OptionalLong.of(0);
    if (first.isEmpty()) {
      return Failures.NOT_AN_INTEGER;
    }
    int bits = words > 4 ? bitsOfUnit(call.argument(4)) : 8;
    if (bits == 0) {
      return Failures.SYNTAX;
    }
    OptionalLong last = words > 3 ? DecimalInteger.parse(call.argument(3)) : OptionalLong.of(-1);
    if (last.isEmpty()) {
      return Failures.NOT_AN_INTEGER;
    }
    long units = 8L * value.length / bits;
    long from = first(first.getAsLong(), units) * bits;
    long to = (last(last.getAsLong(), units) + 1) * bits - 1;
    if (from > to) {
      return Reply.integer(-1);
    }
    long at = find(value, from, to, set);
    boolean zeroAfterTheEnd = at < 0 && !set && words <= 3;
    return Reply.integer(zeroAfterTheEnd ? 8L * value.length : at);
  }

  static Reply bitOp(Keyspace keys, Invocation call) {
    Operation operation = operation(call.argument(0));
    if (operation == null) {
      return Failures.SYNTAX;
    }
    if (operation == Operation.NOT && call.argumentCount() != 3) {
      return NOT_OF_SEVERAL;
    }
    if (ReadCost.walkedBytes(keys, call) > Limits.MAX_WALKED_BYTES) {
      return Failures.WALKS_TOO_MUCH;
    }
    byte[] target = call.argument(1);
    byte[] result = valueOrEmpty(keys, call.argument(2));
    if (operation == Operation.NOT) {
      for (int i = 0; i < result.length; i++) {
        result[i] = (byte) ~result[i];
      }
    }
    for (int i = 3; i < call.argumentCount(); i++) {
      result = combine(operation, result, valueOrEmpty(keys, call.argument(i)));
    }
    if (result.length == 0) {
      keys.remove(target);
      return Reply.ZERO;
    }
    return keys.put(target, result, Keyspace.NO_DEADLINE)
        ? Reply.integer(result.length)
        : Failures.OUT_OF_MEMORY;
  }

  /** A position in bits below the limit, or -1. */
  private static long offset(byte[] word, long limit) {
    OptionalLong offset = DecimalInteger.parse(word);
    boolean valid = offset.isPresent() && offset.getAsLong() >= 0 && offset.getAsLong() < limit;
    return valid ? offset.getAsLong() : -1;
  }

  /** How many bits are one BYTE or BIT; 0 for any other word. */
  private static int bitsOfUnit(byte[] word) {
    return Command.equalsIgnoreCase(word, "BIT")
        ? 1
        : Command.equalsIgnoreCase(word, "BYTE") ? 8 : 0;
  }

  /** The first of so many units that is meant; negative positions count from the end. */
  private static long first(long position, long units) {
    return position < 0 ? Math.max(0, position + units) : Math.min(position, units);
  }

  /** The last of so many units that is meant; -1 where there are none. */
  private static long last(long position, long units) {
    return Math.min(first(position, units), units - 1);
  }

  /** How many bits are set from one to another, both included; the range may be empty. */
  private static long count(byte[] value, long from, long to) {
    long count = 0;
    for (long at = from; at <= to; ) {
      if ((at & 7) == 0 && to - at >= Long.SIZE) {
        count += Long.bitCount((long) LONGS.get(value, (int) (at >> 3)));
        at += Long.SIZE;
        continue;
      }
      int bits = (int) Math.min(8 - (at & 7), to - at + 1);
      count += Integer.bitCount(bitsAt(value, at, bits));
      at += bits;
    }
    return count;
  }

  /** Where the first bit of that kind is, from one to another, both included; -1 if nowhere. */
  private static long find(byte[] value, long from, long to, boolean set) {
    long none = set ? 0 : -1;
    for (long at = from; at <= to; ) {
      if ((at & 7) == 0
          && to - at >= Long.SIZE
          && (long) LONGS.get(value, (int) (at >> 3)) == none) {
        at += Long.SIZE;
        continue;
      }
      int bits = (int) Math.min(8 - (at & 7), to - at + 1);
      int found = bitsAt(value, at, bits);
      found = set ? found : ~found & ((1 << bits) - 1);
      if (found != 0) {
        return at + Integer.numberOfLeadingZeros(found) - (Integer.SIZE - bits);
      }
      at += bits;
    }
    return -1;
  }

  /** So many bits of one byte, the last of them lowest. */
  private static int bitsAt(byte[] value, long at, int bits) {
    return (value[(int) (at >> 3)] & 0xff) >> (8 - (at & 7) - bits) & ((1 << bits) - 1);
  }

  private static @Nullable Operation operation(byte[] word) {
    for (Operation operation : Operation.values()) {
      if (Command.equalsIgnoreCase(word, operation.name())) {
        return operation;
      }
    }
    return null;
  }

  private static byte[] valueOrEmpty(Keyspace keys, byte[] key) {
    byte[] value = keys.get(key);
    return value == null ? new byte[0] : value;
  }

  /** The shorter one is filled up with zeros. */
  private static byte[] combine(Operation operation, byte[] a, byte[] b) {
    byte[] result = Arrays.copyOf(a, Math.max(a.length, b.length));
    int both = Math.min(a.length, b.length);
    int i = 0;
    for (; i + Long.BYTES <= both; i += Long.BYTES) {
      long combined = combine(operation, (long) LONGS.get(result, i), (long) LONGS.get(b, i));
      LONGS.set(result, i, combined);
    }
    for (; i < result.length; i++) {
      result[i] = (byte) combine(operation, result[i], i < b.length ? b[i] : 0);
    }
    return result;
  }

  private static long combine(Operation operation, long a, long b) {
    return switch (operation) {
      case AND -> a & b;
      case OR -> a | b;
      case XOR -> a ^ b;
      case NOT -> throw new IllegalArgumentException("NOT has one source");
    };
  }
}
