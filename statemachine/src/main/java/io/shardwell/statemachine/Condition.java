package io.shardwell.statemachine;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * IFEQ, IFNE, IFDEQ and IFDNE of Redis 8.4, and IFVER: what a key must hold for a command to do
 * anything.
 *
 * @param operand what the key's value, digest or version is compared with
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared, never changed.
record Condition(Kind kind, byte[] operand) {
  /** The words; a key that does not exist differs from every value and has the version 0. */
  enum Kind {
    /** The value is this one. */
    IFEQ,
    /** There is no value, or another one. */
    IFNE,
    /** The value's digest is this one. */
    IFDEQ,
    /** There is no value, or one of another digest. */
    IFDNE,
    /** The version is this one; 0 if there is no such key. */
    IFVER;

    static @Nullable Kind of(byte[] word) {
      for (Kind kind : values()) {
        if (Command.equalsIgnoreCase(word, kind.name())) {
          return kind;
        }
      }
      return null;
    }
  }

  /** Why the operand cannot be compared with anything, or null. */
  Reply.@Nullable Failure failure() {
    return switch (kind) {
      case IFEQ, IFNE -> null;
      case IFDEQ, IFDNE -> isDigest() ? null : Failures.BAD_DIGEST;
      case IFVER -> version().isPresent() ? null : Failures.BAD_VERSION;
    };
  }

  private boolean isDigest() {
    if (operand.length != Digest.LETTERS) {
      return false;
    }
    for (byte letter : operand) {
      if (Character.digit(letter, 16) < 0) {
        return false;
      }
    }
    return true;
  }

  private OptionalLong version() {
    OptionalLong number = DecimalInteger.parse(operand);
    return number.isPresent() && number.getAsLong() >= 0 ? number : OptionalLong.empty();
  }

  /** Whether it holds for a key; it has no failure. */
  boolean holds(Keyspace keys, byte[] key) {
    return switch (kind) {
      case IFEQ -> hasValue(keys, key);
      case IFNE -> !hasValue(keys, key);
      case IFDEQ -> hasDigest(keys, key);
      case IFDNE -> !hasDigest(keys, key);
      case IFVER -> keys.version(key) == version().orElseThrow();
    };
  }

  private boolean hasValue(Keyspace keys, byte[] key) {
    byte[] value = keys.get(key);
    return value != null && Arrays.equals(value, operand);
  }

  private boolean hasDigest(Keyspace keys, byte[] key) {
    byte[] value = keys.get(key);
    String wanted = new String(operand, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
    return value != null && Digest.of(value).equals(wanted);
  }
}
