package io.shardwell.statemachine;

import java.util.Arrays;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a key must be for SET and DELEX to change it: compare-and-set in the words of Redis 8.4, and
 * by version.
 */
sealed interface Condition {

  /** Whether a key satisfies it now. */
  boolean holds(Keyspace keys, byte[] key);

  /** IFEQ: the key exists with this value. */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody, never changed.
  record ValueIs(byte[] value) implements Condition {
    @Override
    public boolean holds(Keyspace keys, byte[] key) {
      byte[] current = keys.get(key);
      return current != null && Arrays.equals(current, value);
    }
  }

  /** IFNE: the key does not exist with this value. */
  @SuppressWarnings("ArrayRecordComponent") // As above.
  record ValueIsNot(byte[] value) implements Condition {
    @Override
    public boolean holds(Keyspace keys, byte[] key) {
      return !new ValueIs(value).holds(keys, key);
    }
  }

  /** IFVER: the key was last changed by this log entry; 0: it does not exist. */
  record VersionIs(long version) implements Condition {
    @Override
    public boolean holds(Keyspace keys, byte[] key) {
      return keys.version(key) == version;
    }
  }

  /** Whether the word begins a condition, which has one word more. */
  static boolean isWord(byte[] word) {
    return Command.equalsIgnoreCase(word, "IFEQ")
        || Command.equalsIgnoreCase(word, "IFNE")
        || Command.equalsIgnoreCase(word, "IFVER");
  }

  /** The condition of a word of which {@link #isWord} is true; null if the operand is none. */
  static @Nullable Condition of(byte[] word, byte[] operand) {
    if (Command.equalsIgnoreCase(word, "IFEQ")) {
      return new ValueIs(operand);
    }
    if (Command.equalsIgnoreCase(word, "IFNE")) {
      return new ValueIsNot(operand);
    }
    OptionalLong version = DecimalInteger.parse(operand);
    return version.isPresent() ? new VersionIs(version.getAsLong()) : null;
  }
}
