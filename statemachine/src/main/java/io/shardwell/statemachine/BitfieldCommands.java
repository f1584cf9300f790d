package io.shardwell.statemachine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** BITFIELD: values as arrays of integers of 1 to 64 bits, wherever in the string they start. */
final class BitfieldCommands {
  private static final Reply.Failure BAD_TYPE =
      new Reply.Failure(
          "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but"
              + " i64 is.");
  private static final Reply.Failure BAD_OVERFLOW =
      new Reply.Failure("ERR Invalid OVERFLOW type specified");
  private static final Reply.Failure READ_ONLY =
      new Reply.Failure("ERR BITFIELD_RO only supports the GET subcommand");
  private static final long MAX_BITS = 8L * Limits.MAX_VALUE_BYTES;

  /** What is behind a string reads as zeros, as far as a string of Redis's may be long. */
  private static final long MAX_READ_BITS = (1L << 32) - 1;

  private enum Kind {
    GET,
    SET,
    INCRBY
  }

  private enum Overflow {
    WRAP,
    SAT,
    FAIL
  }

  /**
   * An integer of a string.
   *
   * @param offset in bits
   * @param bits how many it has: 1 to 64 if signed, else 1 to 63
   */
  private record Field(boolean signed, int bits, long offset) {

    long min() {
      return signed ? -1L << (bits - 1) : 0;
    }

    long max() {
      return signed ? ~min() : (1L << bits) - 1;
    }

    int bytesNeeded() {
      return (int) ((offset + bits + 7) >> 3);
    }

    /** The low bits of a number as this field would hold them. */
    long wrapped(long number) {
      int unused = Long.SIZE - bits;
      return signed ? number << unused >> unused : number << unused >>> unused;
    }

    long get(byte[] value) {
      long number = 0;
      for (long at = offset; at < offset + bits; at++) {
        int index = (int) (at >> 3);
        int bit = index < value.length ? value[index] >> (7 - (at & 7)) & 1 : 0;
        number = number << 1 | bit;
      }
      return wrapped(number);
    }

    void set(byte[] value, long number) {
      for (int i = 0; i < bits; i++) {
        long at = offset + bits - 1 - i;
        int mask = 0x80 >> (at & 7);
        int index = (int) (at >> 3);
        boolean one = (number >> i & 1) == 1;
        value[index] = (byte) (one ? value[index] | mask : value[index] & ~mask);
      }
    }
  }

  /**
   * One step of a call.
   *
   * @param number what to set or to add
   */
  private record Step(Kind kind, Field field, long number, Overflow overflow) {

    /** The number to be stored; empty if it does not fit and that is to fail. */
    OptionalLong next(long before) {
      long sum = kind == Kind.SET ? number : before + number;
      boolean carried = kind == Kind.INCRBY && ((before ^ sum) & (number ^ sum)) < 0;
      // Of an unsigned field Redis takes a negative number to be set for a very large one.
      boolean huge = kind == Kind.SET && !field.signed() && number < 0;
      boolean over = huge || (carried ? number > 0 : sum > field.max());
      boolean under = !huge && (carried ? number < 0 : sum < field.min());
      if (!over && !under) {
        return OptionalLong.of(sum);
      }
      return switch (overflow) {
        case WRAP -> OptionalLong.of(field.wrapped(sum));
        case SAT -> OptionalLong.of(over ? field.max() : field.min());
        case FAIL -> OptionalLong.empty();
      };
    }
  }

  private BitfieldCommands() {}

  /** BITFIELD and BITFIELD_RO. */
  static Reply bitfield(Keyspace keys, Invocation call) {
    List<Step> steps = new ArrayList<>();
    Reply.Failure failure = parse(call, steps);
    if (failure != null) {
      return failure;
    }
    int needed = 0;
    for (Step step : steps) {
      needed = step.kind() == Kind.GET ? needed : Math.max(needed, step.field().bytesNeeded());
    }
    boolean readOnly = needed == 0;
    if (!readOnly && call.command() == Command.BITFIELD_RO) {
      return READ_ONLY;
    }
    byte[] key = call.argument(0);
    byte[] old = keys.get(key);
    byte[] value =
        old == null ? new byte[needed] : Arrays.copyOf(old, Math.max(old.length, needed));
    List<Reply> replies = new ArrayList<>(steps.size());
    boolean changed = false;
    for (Step step : steps) {
      long before = step.field().get(value);
      OptionalLong after = step.kind() == Kind.GET ? OptionalLong.of(before) : step.next(before);
      if (after.isEmpty()) {
        replies.add(Reply.NIL);
        continue;
      }
      replies.add(Reply.integer(step.kind() == Kind.INCRBY ? after.getAsLong() : before));
      if (step.kind() != Kind.GET) {
        step.field().set(value, after.getAsLong());
        changed = true;
      }
    }
    // A step that fails stores nothing, but the string is as long as if it had been stored.
    boolean grown = value.length != (old == null ? 0 : old.length);
    if ((changed || grown) && !Arrays.equals(value, old)) {
      return keys.putKeepingDeadline(key, value)
          ? new Reply.Array(replies)
          : Failures.OUT_OF_MEMORY;
    }
    if (call.command().isWrite()) {
      keys.touch(key);
    }
    return new Reply.Array(replies);
  }

  /** Whether a call that is sound changes nothing. */
  static boolean onlyReads(Invocation call) {
    List<Step> steps = new ArrayList<>();
    return parse(call, steps) == null && steps.stream().allMatch(step -> step.kind() == Kind.GET);
  }

  private static Reply.@Nullable Failure parse(Invocation call, List<Step> steps) {
    Overflow overflow = Overflow.WRAP;
    for (int i = 1; i < call.argumentCount(); ) {
      int left = call.argumentCount() - i - 1;
      byte[] word = call.argument(i);
      if (Command.equalsIgnoreCase(word, "OVERFLOW") && left >= 1) {
        overflow = overflow(call.argument(i + 1));
        if (overflow == null) {
          return BAD_OVERFLOW;
        }
        i += 2;
        continue;
      }
      Kind kind = kind(word);
      if (kind == null || left < (kind == Kind.GET ? 2 : 3)) {
        return Failures.SYNTAX;
      }
      byte[] type = call.argument(i + 1);
      int bits = bits(type);
      if (bits == 0) {
        return BAD_TYPE;
      }
      long end = kind == Kind.GET ? MAX_READ_BITS : MAX_BITS - bits;
      long offset = offset(call.argument(i + 2), bits, end);
      if (offset < 0) {
        return Failures.BIT_OFFSET_OUT_OF_RANGE;
      }
      OptionalLong number =
          kind == Kind.GET ? OptionalLong.of(0) : DecimalInteger.parse(call.argument(i + 3));
      if (number.isEmpty()) {
        return Failures.NOT_AN_INTEGER;
      }
      Field field = new Field(type[0] == 'i', bits, offset);
      steps.add(new Step(kind, field, number.getAsLong(), overflow));
      i += kind == Kind.GET ? 3 : 4;
    }
    return null;
  }

  private static @Nullable Kind kind(byte[] word) {
    for (Kind kind : Kind.values()) {
      if (Command.equalsIgnoreCase(word, kind.name())) {
        return kind;
      }
    }
    return null;
  }

  private static @Nullable Overflow overflow(byte[] word) {
    for (Overflow overflow : Overflow.values()) {
      if (Command.equalsIgnoreCase(word, overflow.name())) {
        return overflow;
      }
    }
    return null;
  }

  /** Of a type such as i16; 0 if it is none. */
  private static int bits(byte[] type) {
    if (type.length < 2 || (type[0] != 'i' && type[0] != 'u')) {
      return 0;
    }
    OptionalLong bits = DecimalInteger.parse(Arrays.copyOfRange(type, 1, type.length));
    long most = type[0] == 'i' ? Long.SIZE : Long.SIZE - 1;
    boolean valid = bits.isPresent() && bits.getAsLong() >= 1 && bits.getAsLong() <= most;
    return valid ? (int) bits.getAsLong() : 0;
  }

  /**
   * In bits, or -1; {@code #n} is the n-th field of that size.
   *
   * @param most may be read; a string that is written to ends there with the field
   */
  private static long offset(byte[] word, int bits, long most) {
    boolean counted = word.length > 0 && word[0] == '#';
    OptionalLong parsed =
        DecimalInteger.parse(counted ? Arrays.copyOfRange(word, 1, word.length) : word);
    long unit = counted ? bits : 1;
    boolean valid =
        parsed.isPresent() && parsed.getAsLong() >= 0 && parsed.getAsLong() <= most / unit;
    return valid ? parsed.getAsLong() * unit : -1;
  }
}
