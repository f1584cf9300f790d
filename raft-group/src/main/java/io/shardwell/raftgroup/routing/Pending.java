package io.shardwell.raftgroup.routing;

import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.util.function.Consumer;

/**
 * A command on its way to a shard.
 *
 * @param onReply called exactly once, before onDecided
 * @param onDecided called exactly once, when it is certain that the command has taken effect or
 *     never will; later than the reply if that is INDETERMINATE
 * @param deadlineNanos time of {@link Patience} at which its client's patience ends
 */
record Pending(
    Invocation invocation, Consumer<Reply> onReply, Runnable onDecided, long deadlineNanos) {

  /** Replies to a command whose fate is certain. */
  void finish(Reply reply) {
    onReply.accept(reply);
    onDecided.run();
  }
}
