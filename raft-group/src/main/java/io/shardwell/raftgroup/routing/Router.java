package io.shardwell.raftgroup.routing;

import io.shardwell.raftgroup.EventLoop;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Slots;
import java.util.List;
import java.util.function.Consumer;

/**
 * Brings a command to the shards it concerns and their replies together (DESIGN 11). Loop thread
 * only.
 */
public final class Router {

  /** The most bytes of one command with all its arguments. */
  static final int MAX_COMMAND_BYTES = Limits.MAX_VALUE_BYTES + (64 << 10);

  private static final Reply COMMAND_TOO_LARGE =
      new Reply.Failure("ERR command exceeds the maximum size (" + MAX_COMMAND_BYTES + " bytes)");

  private final int shards;
  private final EventLoop loop;
  private final Patience patience;
  private final List<WriteChannel> writes;
  private final List<ReadChannel> reads;
  private final Consumer<Integer> active;
  private final FanOut fanOut;

  /**
   * @param active told which shard has something to pump
   */
  public Router(
      int shards,
      EventLoop loop,
      Patience patience,
      List<WriteChannel> writes,
      List<ReadChannel> reads,
      Consumer<Integer> active) {
    this(shards, loop, patience, writes, reads, active, FanOut.MAX_GATHERED_BYTES);
  }

  Router(
      int shards,
      EventLoop loop,
      Patience patience,
      List<WriteChannel> writes,
      List<ReadChannel> reads,
      Consumer<Integer> active,
      long maxGatheredBytes) {
    this.fanOut = new FanOut(this, maxGatheredBytes);
    this.shards = shards;
    this.loop = loop;
    this.patience = patience;
    this.writes = writes;
    this.reads = reads;
    this.active = active;
  }

  /** For a new client. */
  public ShardOrder newOrder() {
    return new ShardOrder(shards, loop, patience, this::dispatch);
  }

  private void dispatch(int shard, Pending command) {
    active.accept(shard);
    if (command.invocation().command().isWrite()) {
      writes.get(shard).submit(command);
    } else {
      reads.get(shard).submit(command);
    }
  }

  int shards() {
    return shards;
  }

  int shardOf(byte[] key) {
    return Slots.shardOf(Slots.of(key), shards);
  }

  /**
   * Executes a command of a client.
   *
   * @param scope the shards that a keyless command covers
   */
  public void execute(
      ShardOrder order, ShardScope scope, Invocation invocation, Consumer<Reply> onReply) {
    if (invocation.encodedBytes() > MAX_COMMAND_BYTES) {
      onReply.accept(COMMAND_TOO_LARGE);
      return;
    }
    Command command = invocation.command();
    switch (command.spread()) {
      case ONE_KEY -> order.submit(shardOf(invocation.keys().get(0)), invocation, onReply);
      case KEYS, ONE_SHARD -> fanOut.byKeys(order, invocation, onReply);
      case ALL_SHARDS -> fanOut.everywhere(order, scope, invocation, onReply);
    }
  }

  /** The keys in one slot, as an array; not more than so many. */
  public void keysInSlot(ShardOrder order, int slot, int limit, Consumer<Reply> onReply) {
    fanOut.keysInSlot(order, slot, limit, onReply);
  }
}
