package io.shardwell.raftgroup;

import io.shardwell.raftgroup.routing.Router;
import io.shardwell.raftgroup.routing.ShardOrder;
import io.shardwell.raftgroup.routing.ShardScope;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.util.function.Consumer;

/**
 * One client's commands. Their effects on one shard are in the order of submission, a read of a
 * shard sees this session's earlier writes to it; commands to different shards may take effect in
 * any order (DESIGN 5). Loop thread only.
 */
public final class ClientSession {

  private final Router router;
  private final ShardOrder order;
  private final ShardScope scope;
  private boolean closed;

  ClientSession(Router router, ShardScope scope) {
    this.router = router;
    this.scope = scope;
    this.order = router.newOrder();
  }

  /**
   * Executes a command on whatever shards it concerns.
   *
   * @param onReply called exactly once, on the loop, perhaps before this returns; replies of one
   *     session come in any order. Not called any more after {@link #close}
   */
  public void submit(Invocation invocation, Consumer<Reply> onReply) {
    router.execute(order, scope, invocation, unlessClosed(onReply));
  }

  /**
   * Finds the keys in a slot, in time that grows with the keys of its shard.
   *
   * @param limit keys at most
   * @param onReply gets an array, or a failure; called as by {@link #submit}
   */
  public void keysInSlot(int slot, int limit, Consumer<Reply> onReply) {
    router.keysInSlot(order, slot, limit, unlessClosed(onReply));
  }

  private Consumer<Reply> unlessClosed(Consumer<Reply> onReply) {
    return reply -> {
      if (!closed) {
        onReply.accept(reply);
      }
    };
  }

  /** The client is gone: what it submitted may still take effect, but nobody is told. */
  public void close() {
    closed = true;
  }
}
