package io.shardwell.raftgroup.routing;

import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.util.function.Consumer;

/**
 * A command on its way to a shard.
 *
 * @param onReply called exactly once, before onDecided
 * @param onDecided told exactly once, when it is certain that the command has taken effect or never
 *     will; later than the reply if that is INDETERMINATE
 * @param deadlineNanos time of {@link Patience} at which its client's patience ends
 */
record Pending(
    Invocation invocation, Consumer<Reply> onReply, Decided onDecided, long deadlineNanos) {

  /** Who waits for a command's fate. */
  interface Decided {

    /**
     * It is certain.
     *
     * @param byShard false if this node turned the command away
     */
    void decided(boolean byShard);
  }

  /** Gives the shard's reply. */
  void finish(Reply reply) {
    onReply.accept(reply);
    onDecided.decided(true);
  }

  /** For a command that will never have an effect, by what this node knows. */
  void turnAway(Reply reply) {
    onReply.accept(reply);
    onDecided.decided(false);
  }
}
