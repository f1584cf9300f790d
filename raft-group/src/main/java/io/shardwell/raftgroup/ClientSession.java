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

  ClientSession(Router router, ShardScope scope) {
    this.router = router;
    this.scope = scope;
    this.order = router.newOrder();
  }

  /**
   * Executes a command on whatever shards it concerns.
   *
   * @param onReply called exactly once, on the loop, perhaps before this returns, and even if the
   *     client has gone: until then the command takes memory. Replies of one session come in any
   *     order
   */
  public void submit(Invocation invocation, Consumer<Reply> onReply) {
    router.execute(order, scope, invocation, onReply);
  }

  /**
   * Finds the keys in a slot, in time that grows with the keys of its shard.
   *
   * @param limit keys at most
   * @param onReply gets an array, or a failure; called as by {@link #submit}
   */
  public void keysInSlot(int slot, int limit, Consumer<Reply> onReply) {
    router.keysInSlot(order, slot, limit, onReply);
  }
}
