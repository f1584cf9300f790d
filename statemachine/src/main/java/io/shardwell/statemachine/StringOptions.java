package io.shardwell.statemachine;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The words after SET key value, MSETEX numkeys and its pairs, and GETEX key. */
final class StringOptions {
  private boolean onlyIfAbsent;
  private boolean onlyIfPresent;
  private @Nullable Condition condition;
  private boolean get;
  private boolean getVersion;
  private boolean keepTtl;
  private boolean persist;
  private @Nullable ExpiryOption expiry;
  private byte @Nullable [] time;

  private StringOptions() {}

  /** Reads the arguments from a position on; null if they are not options of the command. */
  static @Nullable StringOptions parse(Invocation call, int from) {
    boolean sets = call.command() != Command.GETEX;
    boolean one = call.command() == Command.SET;
    StringOptions options = new StringOptions();
    for (int i = from; i < call.argumentCount(); i++) {
      byte[] word = call.argument(i);
      ExpiryOption expiry = expiryOption(word);
      Condition.Kind kind = one ? Condition.Kind.of(word) : null;
      if (kind != null) {
        i++;
        if (i == call.argumentCount() || !options.takeCondition(kind, call.argument(i))) {
          return null;
        }
      } else if (expiry != null) {
        i++;
        if (i == call.argumentCount() || !options.takeExpiry(expiry, call.argument(i))) {
          return null;
        }
      } else if (!(sets ? options.takeSetWord(word, one) : options.takePersist(word))) {
        return null;
      }
    }
    return options;
  }

  boolean get() {
    return get;
  }

  /** Whether the new version is the answer. */
  boolean getVersion() {
    return getVersion;
  }

  boolean keepTtl() {
    return keepTtl;
  }

  boolean persist() {
    return persist;
  }

  /** Why the condition is none, or null. */
  Reply.@Nullable Failure conditionFailure() {
    return condition == null ? null : condition.failure();
  }

  /** Whether the key is such that the command may go on. */
  boolean permits(Keyspace keys, byte[] key) {
    if (condition != null) {
      return condition.holds(keys, key);
    }
    boolean matters = onlyIfAbsent || onlyIfPresent;
    return !matters || (keys.contains(key) ? !onlyIfAbsent : !onlyIfPresent);
  }

  boolean hasExpiry() {
    return expiry != null;
  }

  /** Why the time given is none, or null. */
  Reply.@Nullable Failure timeFailure(Command command, long logTime) {
    if (expiry == null || time == null) {
      return null;
    }
    OptionalLong number = DecimalInteger.parse(time);
    if (number.isEmpty()) {
      return Failures.NOT_AN_INTEGER;
    }
    return expiry.deadline(number.getAsLong(), logTime) < 0
        ? Failures.invalidExpireTime(command)
        : null;
  }

  /** The deadline of a time that has no failure; {@link Keyspace#NO_DEADLINE} if none is given. */
  long deadline(long logTime) {
    if (expiry == null || time == null) {
      return Keyspace.NO_DEADLINE;
    }
    return expiry.deadline(DecimalInteger.parse(time).orElseThrow(), logTime);
  }

  /** The same option may come again, and the last one counts; two different ones may not. */
  private boolean takeExpiry(ExpiryOption option, byte[] newTime) {
    if (keepTtl || persist || (expiry != null && expiry != option)) {
      return false;
    }
    expiry = option;
    time = newTime;
    return true;
  }

  private boolean takeCondition(Condition.Kind kind, byte[] operand) {
    if (onlyIfAbsent || onlyIfPresent || condition != null) {
      return false;
    }
    condition = new Condition(kind, operand);
    return true;
  }

  /** Answers with what was or is there are of SET only, which has one key. */
  private boolean takeSetWord(byte[] word, boolean oneKey) {
    if (Command.equalsIgnoreCase(word, "NX") && !onlyIfPresent && condition == null) {
      onlyIfAbsent = true;
    } else if (Command.equalsIgnoreCase(word, "XX") && !onlyIfAbsent && condition == null) {
      onlyIfPresent = true;
    } else if (Command.equalsIgnoreCase(word, "GET") && oneKey && !getVersion) {
      get = true;
    } else if (Command.equalsIgnoreCase(word, "GETVER") && oneKey && !get) {
      getVersion = true;
    } else if (Command.equalsIgnoreCase(word, "KEEPTTL") && expiry == null) {
      keepTtl = true;
    } else {
      return false;
    }
    return true;
  }

  private boolean takePersist(byte[] word) {
    if (!Command.equalsIgnoreCase(word, "PERSIST") || expiry != null) {
      return false;
    }
    persist = true;
    return true;
  }

  private static @Nullable ExpiryOption expiryOption(byte[] word) {
    for (ExpiryOption option : ExpiryOption.values()) {
      if (Command.equalsIgnoreCase(word, option.name())) {
        return option;
      }
    }
    return null;
  }
}
