package io.shardwell.jepsen.checker;

import java.util.Locale;

/**
 * One command of one client on one key: called at {@code call}, answered at {@code returned}
 * (nanoseconds of whatever clock the whole history uses; the interval is closed, so operations that
 * share an instant are concurrent).
 *
 * @param client one connection; a client that lost its connection is another client afterwards
 */
public record Operation(int client, KeyCommand command, long call, long returned, Answer answer) {
  /** The return time of an operation whose outcome is not known: it may take effect ever after. */
  public static final long OPEN = Long.MAX_VALUE;

  public Operation {
    if (call > returned) {
      throw new IllegalArgumentException("returned at " + returned + " before call at " + call);
    }
    if (returned == OPEN && answer != Answer.Word.ANY) {
      throw new IllegalArgumentException("an answer without a return");
    }
  }

  /** Called at {@code call}, outcome never learned: took effect once at any time, or never. */
  public static Operation open(int client, KeyCommand command, long call) {
    return new Operation(client, command, call, OPEN, Answer.Word.ANY);
  }

  public boolean isOpen() {
    return returned == OPEN;
  }

  /** Constrains nothing, so a checker may leave it out. */
  boolean isVacuous() {
    return command.isRead() && answer == Answer.Word.ANY;
  }

  /** The answer proves that the state stayed as it was, whatever it was. */
  boolean changedNothing() {
    if (command instanceof KeyCommand.Set set) {
      return switch (set.condition()) {
        case ALWAYS -> false;
        case IF_ABSENT ->
            set.returnOld() ? answer instanceof Answer.Text : answer == Answer.Word.NIL;
        case IF_PRESENT -> answer == Answer.Word.NIL;
      };
    } else if (command instanceof KeyCommand.Swap || command instanceof KeyCommand.Take) {
      return answer == Answer.Word.NIL;
    } else if (command instanceof KeyCommand.Delete
        || command instanceof KeyCommand.DeleteIf
        || command instanceof KeyCommand.Expire
        || command instanceof KeyCommand.Persist) {
      return answer.equals(Answer.number(0));
    }
    return command.isRead() || answer == Answer.Word.REFUSED;
  }

  /** One line for reports, times in milliseconds. */
  public String show() {
    return String.format(
        Locale.ROOT,
        "[%12.6f .. %12s ms] client %-4d %s -> %s",
        call / 1e6,
        isOpen() ? "" : String.format(Locale.ROOT, "%.6f", returned / 1e6),
        client,
        command.show(),
        answer.show());
  }
}
