package io.shardwell.server.command;

import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.ShardState;
import io.shardwell.statemachine.Transaction;
import java.util.List;

/**
 * How long what the node itself answers may be, as a shard's replies have their limits. Counted as
 * encoded: an answer may name one row a million times and take little memory until then. Loop
 * thread only.
 */
final class AnswerBudget {

  /** What a word or a list takes on the wire beside its bytes: type, length and line ends. */
  private static final int ITEM_OVERHEAD_BYTES = 8;

  private final Answer tooLong;

  // Invariant: not negative.
  private long left;

  private AnswerBudget(long bytes, Reply tooLong) {
    this.left = bytes;
    this.tooLong = new Answer.Plain(tooLong);
  }

  /** For the answer to one request. */
  static AnswerBudget ofRequest() {
    return new AnswerBudget(Limits.MAX_REPLY_BYTES, ShardState.REPLY_TOO_LARGE);
  }

  /** For the node's answers in a transaction, beside what its shard has replied. */
  static AnswerBudget ofTransaction(List<Reply> ofShard) {
    AnswerBudget budget =
        new AnswerBudget(Limits.MAX_TRANSACTION_REPLY_BYTES, Transaction.REPLY_LEFT_OUT);
    budget.left = Math.max(0, budget.left - bytes(new Reply.Array(ofShard), budget.left));
    return budget;
  }

  /** How many bytes more an answer may have: one that is being made need not get longer. */
  long left() {
    return left;
  }

  /** The answer, if there is room for it; else the error that takes its place. */
  Answer admit(Answer answer) {
    long bytes = bytes(answer, left);
    if (bytes > left) {
      return tooLong;
    }
    left -= bytes;
    return answer;
  }

  /** How long it is, or any number above the limit: what lies behind it is not looked at. */
  private static long bytes(Answer answer, long limit) {
    if (answer instanceof Answer.Plain plain) {
      return bytes(plain.reply(), limit);
    }
    if (answer instanceof Answer.Text text) {
      return ITEM_OVERHEAD_BYTES + (long) text.text().length();
    }
    long sum = ITEM_OVERHEAD_BYTES;
    for (Answer item : Answer.itemsOf(answer)) {
      if (sum > limit) {
        break;
      }
      sum += bytes(item, limit - sum);
    }
    return sum;
  }

  private static long bytes(Reply reply, long limit) {
    long sum = ITEM_OVERHEAD_BYTES;
    if (reply instanceof Reply.Bulk bulk) {
      return sum + bulk.value().length;
    }
    if (reply instanceof Reply.Status status) {
      return sum + status.text().length();
    }
    if (reply instanceof Reply.Failure failure) {
      return sum + failure.text().length();
    }
    if (reply instanceof Reply.Array array) {
      for (Reply item : array.items()) {
        if (sum > limit) {
          break;
        }
        sum += bytes(item, limit - sum);
      }
    }
    return sum;
  }
}
