package io.shardwell.jepsen.checker;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one key may hold. The deadline is known only as a range: it was fixed somewhere between call
 * and return of the command that set it, by a clock that may gain and lose as the model tells.
 *
 * @param value null: absent; earliest and latest are then {@link #NEVER}
 * @param earliest nanoseconds of the history's clock; before it the key cannot be gone
 * @param latest from then on the key cannot be present
 */
record KeyState(@Nullable String value, long earliest, long latest) {
  static final long NEVER = Long.MAX_VALUE;
  static final KeyState ABSENT = new KeyState(null, NEVER, NEVER);

  KeyState {
    assert earliest <= latest;
    assert value != null || earliest == NEVER;
  }

  static KeyState of(String value) {
    return new KeyState(value, NEVER, NEVER);
  }

  boolean isPresent() {
    return value != null;
  }

  /** Has a deadline. The latest alone would not tell: a SET PX without a return has none. */
  boolean isVolatile() {
    return earliest != NEVER;
  }

  String text() {
    return Objects.requireNonNull(value);
  }

  KeyState withValue(String newValue) {
    return new KeyState(newValue, earliest, latest);
  }

  String show() {
    if (!isPresent()) {
      return "(nil)";
    }
    return isVolatile()
        ? '"' + text() + "\" until " + earliest / 1e6 + ".." + (latest == NEVER ? "" : latest / 1e6)
        : '"' + text() + '"';
  }
}
