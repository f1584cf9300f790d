package io.shardwell.raftgroup.routing;

import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.util.function.Consumer;

/**
 * A command on its way to a shard.
 *
 * @param deadlineNanos loop time at which its client's patience ends
 */
record Pending(Invocation invocation, Consumer<Reply> onReply, long deadlineNanos) {}
