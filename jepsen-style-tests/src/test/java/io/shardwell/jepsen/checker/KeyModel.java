package io.shardwell.jepsen.checker;

import io.shardwell.jepsen.checker.KeyCommand.Condition;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sequential specification of one key: register, counter, compare-and-set, append list and
 * expiring register in one, so that histories may mix them.
 *
 * <p>A time to live is measured by the store's clock (log time), which may gain on the history's
 * clock between the moment when a deadline is fixed and the moment when it is looked at, or lose.
 *
 * @param earlyNanos by how much it may gain: by so much a time to live may end early, or be told as
 *     shorter
 * @param lateNanos by how much it may lose: by so much a time to live may end late, or be told as
 *     longer
 */
public record KeyModel(long earlyNanos, long lateNanos) {

  /** For histories without deadlines, or with a store that shares the history's clock. */
  public static final KeyModel EXACT = new KeyModel(0, 0);

  /**
   * The states after {@code operation} took effect in {@code state} with the answer it got: none if
   * that cannot be, two if a deadline may or may not have passed.
   */
  List<KeyState> step(KeyState state, Operation operation) {
    List<KeyState> next = new ArrayList<>(2);
    if (!state.isPresent() || operation.call() < state.latest()) {
      stepAs(state, operation, next);
    }
    if (state.isVolatile() && operation.returned() >= state.earliest()) {
      stepAs(KeyState.ABSENT, operation, next);
    }
    return next;
  }

  private void stepAs(KeyState state, Operation operation, List<KeyState> next) {
    if (operation.command() instanceof KeyCommand.TimeToLive) {
      if (timeToLiveFits(state, operation)) {
        next.add(state);
      }
      return;
    }
    Answer told = operation.answer();
    if (told == Answer.Word.ANY || told.equals(answer(state, operation.command()))) {
      KeyState after = after(state, operation);
      if (!next.contains(after)) {
        next.add(after);
      }
    }
  }

  private boolean timeToLiveFits(KeyState state, Operation operation) {
    if (operation.answer() == Answer.Word.ANY) {
      return true;
    }
    if (!(operation.answer() instanceof Answer.Int told)) {
      return false;
    }
    if (told.value() < 0) {
      return told.value() == (state.isPresent() ? -1 : -2) && !state.isVolatile();
    }
    if (!state.isVolatile()) {
      return false;
    }
    long millis = told.value() * 1_000_000;
    // One millisecond more on each side: answers are whole milliseconds, and never below 1.
    long rounding = 1_000_000;
    return plus(operation.call(), millis - rounding) <= state.latest()
        && plus(operation.returned(), millis + rounding) >= state.earliest();
  }

  /** What the store must say in exactly this state (PTTL aside). */
  static Answer answer(KeyState state, KeyCommand command) {
    boolean present = state.isPresent();
    if (command instanceof KeyCommand.Get || command instanceof KeyCommand.Take) {
      return present ? Answer.text(state.text()) : Answer.Word.NIL;
    } else if (command instanceof KeyCommand.Set set) {
      if (set.returnOld()) {
        return present ? Answer.text(state.text()) : Answer.Word.NIL;
      }
      return holds(set.condition(), state) ? Answer.Word.DONE : Answer.Word.NIL;
    } else if (command instanceof KeyCommand.Swap swap) {
      return holds(swap.expected(), state) ? Answer.Word.DONE : Answer.Word.NIL;
    } else if (command instanceof KeyCommand.DeleteIf delete) {
      return Answer.number(holds(delete.expected(), state) ? 1 : 0);
    } else if (command instanceof KeyCommand.Delete || command instanceof KeyCommand.Exists) {
      return Answer.number(present ? 1 : 0);
    } else if (command instanceof KeyCommand.Increment increment) {
      Long sum = sum(state, increment);
      return sum == null ? Answer.Word.REFUSED : Answer.number(sum);
    } else if (command instanceof KeyCommand.Append append) {
      return Answer.number((present ? state.text().length() : 0) + append.suffix().length());
    } else if (command instanceof KeyCommand.Length) {
      return Answer.number(present ? state.text().length() : 0);
    } else if (command instanceof KeyCommand.Expire) {
      return Answer.number(present ? 1 : 0);
    } else if (command instanceof KeyCommand.Persist) {
      return Answer.number(present && state.isVolatile() ? 1 : 0);
    }
    throw new IllegalArgumentException("no single answer to " + command);
  }

  private KeyState after(KeyState state, Operation operation) {
    KeyCommand command = operation.command();
    if (command instanceof KeyCommand.Set set) {
      if (!holds(set.condition(), state)) {
        return state;
      }
      if (set.ttlMillis() != KeyCommand.NO_TTL) {
        return due(set.value(), set.ttlMillis(), operation);
      }
      return set.keepTtl() && state.isPresent()
          ? state.withValue(set.value())
          : KeyState.of(set.value());
    } else if (command instanceof KeyCommand.Swap swap) {
      return holds(swap.expected(), state) ? KeyState.of(swap.value()) : state;
    } else if (command instanceof KeyCommand.DeleteIf delete) {
      return holds(delete.expected(), state) ? KeyState.ABSENT : state;
    } else if (command instanceof KeyCommand.Delete || command instanceof KeyCommand.Take) {
      return KeyState.ABSENT;
    } else if (command instanceof KeyCommand.Increment increment) {
      Long sum = sum(state, increment);
      return sum == null ? state : keepingDeadline(state, Long.toString(sum));
    } else if (command instanceof KeyCommand.Append append) {
      return keepingDeadline(state, (state.isPresent() ? state.text() : "") + append.suffix());
    } else if (command instanceof KeyCommand.Expire expire && state.isPresent()) {
      return expire.ttlMillis() <= 0
          ? KeyState.ABSENT
          : due(state.text(), expire.ttlMillis(), operation);
    } else if (command instanceof KeyCommand.Persist && state.isPresent()) {
      return KeyState.of(state.text());
    }
    return state;
  }

  private static KeyState keepingDeadline(KeyState state, String value) {
    return state.isPresent() ? state.withValue(value) : KeyState.of(value);
  }

  private KeyState due(String value, long ttlMillis, Operation operation) {
    long ttl = ttlMillis * 1_000_000;
    long earliest = plus(operation.call(), ttl - earlyNanos);
    return new KeyState(
        value, Math.min(earliest, KeyState.NEVER - 1), plus(operation.returned(), ttl + lateNanos));
  }

  private static boolean holds(String expected, KeyState state) {
    return state.isPresent() && state.text().equals(expected);
  }

  private static boolean holds(Condition condition, KeyState state) {
    return switch (condition) {
      case ALWAYS -> true;
      case IF_ABSENT -> !state.isPresent();
      case IF_PRESENT -> state.isPresent();
    };
  }

  /** Null where the store refuses: not a number, or an overflow. */
  private static @Nullable Long sum(KeyState state, KeyCommand.Increment increment) {
    String text = state.isPresent() ? state.text() : "0";
    try {
      long number = Long.parseLong(text);
      // Redis takes numbers only as it would write them: no sign +, no leading zeros.
      return Long.toString(number).equals(text) ? Math.addExact(number, increment.by()) : null;
    } catch (NumberFormatException | ArithmeticException refused) {
      return null;
    }
  }

  /** Addition in which "never" and "for ever ago" stay what they are. */
  private static long plus(long time, long delta) {
    if (time == Long.MAX_VALUE || time == Long.MIN_VALUE) {
      return time;
    }
    long sum = time + delta;
    if (((time ^ sum) & (delta ^ sum)) < 0) {
      return delta > 0 ? Long.MAX_VALUE : Long.MIN_VALUE;
    }
    return sum;
  }
}
