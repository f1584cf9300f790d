package io.shardwell.jepsen.planted;

import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** One call of a method that a bug is planted in, as the bug sees and changes it. */
public final class Call {
  private final @Nullable Object self;
  private final @Nullable Object[] arguments;
  private boolean changed;
  private boolean skipped;
  private @Nullable Object insteadOfResult;
  private @Nullable UnaryOperator<@Nullable Object> after;

  Call(@Nullable Object self, @Nullable Object[] arguments) {
    this.self = self;
    this.arguments = arguments;
  }

  /** The object whose method is called. */
  Object self() {
    if (self == null) {
      throw new Inside.Gone("the method is static now", null);
    }
    return self;
  }

  <T> T argument(int position, Class<T> type) {
    Object argument = position < arguments.length ? arguments[position] : null;
    if (!type.isInstance(argument)) {
      throw new Inside.Gone("argument " + position + " is " + argument + ", not " + type, null);
    }
    return type.cast(argument);
  }

  /** Whether that argument is null. */
  boolean isNull(int position) {
    return arguments[position] == null;
  }

  /** The method gets another argument. */
  void pass(int position, @Nullable Object argument) {
    changed = true;
    arguments[position] = argument;
  }

  /** The method does nothing and returns that; null for void. */
  void answer(@Nullable Object result) {
    changed = true;
    skipped = true;
    insteadOfResult = result;
  }

  /** The method does nothing. */
  void skip() {
    answer(null);
  }

  /** Something else was done; the method runs as it is. */
  void meddled() {
    changed = true;
  }

  /** The result is replaced; whether that changes anything is seen then. */
  void replaceResult(UnaryOperator<@Nullable Object> newAfter) {
    after = newAfter;
  }

  boolean isChanged() {
    return changed;
  }

  boolean isSkipped() {
    return skipped;
  }

  @Nullable Object result(@Nullable Object original) {
    if (skipped) {
      return insteadOfResult;
    }
    UnaryOperator<@Nullable Object> replacing = after;
    if (replacing == null) {
      return original;
    }
    after = null;
    Object result = replacing.apply(original);
    changed |= result != original;
    return result;
  }
}
