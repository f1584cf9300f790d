package io.shardwell.jepsen.checker;

/**
 * A command on one key, as the model of that key understands it. A command on several keys is split
 * into one of these per key, all with the same call and return: across keys only shards, not
 * commands, are atomic.
 */
public sealed interface KeyCommand {
  /** Time to live that means "none given"; otherwise milliseconds. */
  long NO_TTL = Long.MIN_VALUE;

  enum Condition {
    ALWAYS,
    IF_ABSENT,
    IF_PRESENT
  }

  record Get() implements KeyCommand {}

  /** SET with its options; {@code returnOld} is the GET option. */
  record Set(String value, Condition condition, long ttlMillis, boolean keepTtl, boolean returnOld)
      implements KeyCommand {}

  /** SET with IFEQ: only if the key holds just that. */
  record Swap(String expected, String value) implements KeyCommand {}

  record Delete() implements KeyCommand {}

  /** GETDEL. */
  record Take() implements KeyCommand {}

  /** DELEX with IFEQ: only if the key holds just that. */
  record DeleteIf(String expected) implements KeyCommand {}

  record Exists() implements KeyCommand {}

  record Increment(long by) implements KeyCommand {}

  record Append(String suffix) implements KeyCommand {}

  record Length() implements KeyCommand {}

  /** PEXPIRE; not positive deletes. */
  record Expire(long ttlMillis) implements KeyCommand {}

  record Persist() implements KeyCommand {}

  /** PTTL. */
  record TimeToLive() implements KeyCommand {}

  static KeyCommand set(String value) {
    return new Set(value, Condition.ALWAYS, NO_TTL, false, false);
  }

  static KeyCommand setIfAbsent(String value) {
    return new Set(value, Condition.IF_ABSENT, NO_TTL, false, false);
  }

  static KeyCommand setFor(String value, long ttlMillis) {
    return new Set(value, Condition.ALWAYS, ttlMillis, false, false);
  }

  /** Whether the command can leave the state as it was only. */
  default boolean isRead() {
    return this instanceof Get
        || this instanceof Exists
        || this instanceof Length
        || this instanceof TimeToLive;
  }

  /** For reports. */
  default String show() {
    if (this instanceof Set s) {
      StringBuilder line = new StringBuilder("SET \"").append(s.value).append('"');
      if (s.ttlMillis != NO_TTL) {
        line.append(" PX ").append(s.ttlMillis);
      }
      line.append(s.keepTtl ? " KEEPTTL" : "");
      line.append(
          switch (s.condition) {
            case ALWAYS -> "";
            case IF_ABSENT -> " NX";
            case IF_PRESENT -> " XX";
          });
      return line.append(s.returnOld ? " GET" : "").toString();
    } else if (this instanceof Swap s) {
      return "SET \"" + s.value + "\" IFEQ \"" + s.expected + '"';
    } else if (this instanceof Increment i) {
      return "INCRBY " + i.by;
    } else if (this instanceof Append a) {
      return "APPEND \"" + a.suffix + '"';
    } else if (this instanceof Expire e) {
      return "PEXPIRE " + e.ttlMillis;
    } else if (this instanceof TimeToLive) {
      return "PTTL";
    } else if (this instanceof Length) {
      return "STRLEN";
    } else if (this instanceof Delete) {
      return "DEL";
    } else if (this instanceof DeleteIf d) {
      return "DELEX IFEQ \"" + d.expected + '"';
    } else if (this instanceof Take) {
      return "GETDEL";
    }
    return getClass().getSimpleName().toUpperCase(java.util.Locale.ROOT);
  }
}
