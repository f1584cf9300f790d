package io.shardwell.jepsen.faults;

import io.shardwell.jepsen.checker.KeyCommand;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Draws commands on keys that all clients share. After some hundreds of commands other keys take
 * over: what the checker has to search through stays small, and the old keys must keep what they
 * hold to the end. Thread-safe.
 */
final class Commands {
  private static final int COMMANDS_PER_GENERATION = 1_000;

  private static final int LEAST_LASTING_MILLIS = 10 * 60_000;
  private static final int MOST_LASTING_MILLIS = 120 * 60_000;

  /** What a key is used for. */
  private enum Kind {
    REGISTER,
    COUNTER,
    LIST,
    LOCK,
    SWAPPED,
    LEASE,
    /** For so long that it is there to the end of every round. */
    LASTING
  }

  private static final int KEYS_OF_EACH_KIND = 2;

  private final AtomicInteger drawn = new AtomicInteger();
  private final AtomicInteger unique = new AtomicInteger();
  // By key, what it was seen to hold.
  private final ConcurrentHashMap<String, String> guesses = new ConcurrentHashMap<>();

  /** A command and its key. */
  record Drawn(String key, KeyCommand command) {}

  Drawn next(Random random) {
    int generation = drawn.getAndIncrement() / COMMANDS_PER_GENERATION;
    Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
    String key = key(generation, kind, random.nextInt(KEYS_OF_EACH_KIND));
    return new Drawn(key, random.nextInt(3) == 0 ? read(kind, random) : write(kind, key, random));
  }

  private static KeyCommand read(Kind kind, Random random) {
    return (kind == Kind.LEASE || kind == Kind.LASTING) && random.nextBoolean()
        ? new KeyCommand.TimeToLive()
        : new KeyCommand.Get();
  }

  private KeyCommand write(Kind kind, String key, Random random) {
    return switch (kind) {
      case REGISTER -> KeyCommand.set(value());
      case COUNTER -> new KeyCommand.Increment(1);
      case LIST -> new KeyCommand.Append("<" + unique.incrementAndGet() + ">");
      case LOCK -> random.nextBoolean() ? KeyCommand.setIfAbsent(value()) : new KeyCommand.Delete();
      case SWAPPED -> {
        String guess = guesses.get(key);
        yield guess == null ? KeyCommand.setIfAbsent(value()) : new KeyCommand.Swap(guess, value());
      }
      case LEASE ->
          random.nextInt(4) == 0
              ? new KeyCommand.Expire(100 + random.nextInt(3_000))
              : KeyCommand.setFor(value(), 100 + random.nextInt(3_000));
      case LASTING ->
          random.nextInt(4) == 0
              ? new KeyCommand.Expire(lasting(random))
              : KeyCommand.setFor(value(), lasting(random));
    };
  }

  /** The key held that when it was looked at; the next swap hopes so too. */
  void saw(String key, String value) {
    guesses.put(key, value);
  }

  private static int lasting(Random random) {
    return LEAST_LASTING_MILLIS + random.nextInt(MOST_LASTING_MILLIS - LEAST_LASTING_MILLIS);
  }

  /** Whether its time to live tells something at the end. */
  static boolean hasDeadline(String key) {
    return key.startsWith(prefix(Kind.LEASE)) || key.startsWith(prefix(Kind.LASTING));
  }

  private static String prefix(Kind kind) {
    return kind.name().toLowerCase(java.util.Locale.ROOT);
  }

  private String value() {
    return "v" + unique.incrementAndGet();
  }

  private static String key(int generation, Kind kind, int number) {
    return prefix(kind) + number + ":" + generation;
  }

  /** Every key that may have been used. */
  List<String> allKeys() {
    List<String> keys = new ArrayList<>();
    for (int generation = 0; generation <= drawn.get() / COMMANDS_PER_GENERATION; generation++) {
      for (Kind kind : Kind.values()) {
        for (int i = 0; i < KEYS_OF_EACH_KIND; i++) {
          keys.add(key(generation, kind, i));
        }
      }
    }
    return keys;
  }
}
