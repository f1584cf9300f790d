package io.shardwell.statemachine.benchmark;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/** Keys and values for all tables: the same ones in the same order. */
final class Keys {
  private static final int VALUE_BYTES = 100;
  private static final int DIGITS = 8;

  // One seed, so that all tables are asked for the same keys.
  private final SplittableRandom random = new SplittableRandom(1);
  private final byte[] value = "v".repeat(VALUE_BYTES).getBytes(StandardCharsets.US_ASCII);

  /** A key that was loaded: key:00000000 and so on. */
  static byte[] loaded(int number) {
    return key((byte) 'k', (byte) 'e', (byte) 'y', number);
  }

  /** A key that was not loaded. */
  static byte[] absent(int number) {
    return key((byte) 'n', (byte) 'e', (byte) 'w', number);
  }

  /** Any number below this one, all equally often. */
  int below(int bound) {
    return random.nextInt(bound);
  }

  /** A value of 100 bytes, a new one each time; for INCR a number. */
  byte[] value(Operation operation) {
    if (operation == Operation.INCR) {
      return Integer.toString(random.nextInt(1_000_000)).getBytes(StandardCharsets.US_ASCII);
    }
    byte[] fresh = value.clone();
    fresh[random.nextInt(VALUE_BYTES)] = (byte) ('a' + random.nextInt(26));
    return fresh;
  }

  /** Without String.format: it would take longer than what is measured. */
  private static byte[] key(byte first, byte second, byte third, int number) {
    byte[] key = {first, second, third, ':', 0, 0, 0, 0, 0, 0, 0, 0};
    for (int at = key.length - 1, rest = number; at >= key.length - DIGITS; at--, rest /= 10) {
      key[at] = (byte) ('0' + rest % 10);
    }
    return key;
  }
}
