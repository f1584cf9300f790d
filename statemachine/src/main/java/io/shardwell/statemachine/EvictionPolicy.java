package io.shardwell.statemachine;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Which keys may be dropped to make room. Codes go into logs and snapshots. */
public enum EvictionPolicy {
  /** None: a write that finds no room is refused. */
  NOEVICTION(0),
  /** Every key, the least recently used first. */
  ALLKEYS_LRU(1),
  /** Every key that has a deadline, the least recently used first. */
  VOLATILE_LRU(2);

  private final int code;
  private final String text;

  EvictionPolicy(int code) {
    this.code = code;
    this.text = name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The number of this policy in logs and snapshots, stable for ever. */
  public int code() {
    return code;
  }

  /** The name as Redis writes it. */
  public String text() {
    return text;
  }

  /** The policy of that name in any mix of cases, or null. */
  public static @Nullable EvictionPolicy byText(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    for (EvictionPolicy policy : values()) {
      if (policy.text.equals(lower)) {
        return policy;
      }
    }
    return null;
  }

  /** The policy of that code, or null. */
  public static @Nullable EvictionPolicy byCode(int code) {
    for (EvictionPolicy policy : values()) {
      if (policy.code == code) {
        return policy;
      }
    }
    return null;
  }
}
