package io.shardwell.raftgroup.routing;

import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one client's effects on each shard in order (DESIGN 5, 6): writes to a shard travel
 * together, reads of it too, but a read waits for the writes before it and a write for the reads
 * before it. Loop thread only.
 */
public final class ShardOrder {

  /** Hands a command to its shard. */
  interface Dispatch {
    void dispatch(int shard, Invocation invocation, Consumer<Reply> onReply);
  }

  private record Waiting(Invocation invocation, Consumer<Reply> onReply) {}

  private static final class Lane {
    // Invariant: unfinished > 0 if anything waits; all unfinished are writes, or all are reads.
    int unfinished;
    boolean writing;
    final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  }

  private final Dispatch dispatch;
  private final @Nullable Lane[] lanes;

  ShardOrder(int shards, Dispatch dispatch) {
    this.lanes = new Lane[shards];
    this.dispatch = dispatch;
  }

  void submit(int shard, Invocation invocation, Consumer<Reply> onReply) {
    Lane lane = lanes[shard];
    if (lane == null) {
      lane = new Lane();
      lanes[shard] = lane;
    }
    boolean write = invocation.command().isWrite();
    boolean mayGo = lane.waiting.isEmpty() && (lane.unfinished == 0 || lane.writing == write);
    if (mayGo) {
      go(shard, lane, invocation, onReply);
    } else {
      lane.waiting.add(new Waiting(invocation, onReply));
    }
  }

  private void go(int shard, Lane lane, Invocation invocation, Consumer<Reply> onReply) {
    lane.writing = invocation.command().isWrite();
    lane.unfinished++;
    dispatch.dispatch(
        shard,
        invocation,
        reply -> {
          lane.unfinished--;
          assert lane.unfinished >= 0;
          onReply.accept(reply);
          goOn(shard, lane);
        });
  }

  private void goOn(int shard, Lane lane) {
    while (!lane.waiting.isEmpty()) {
      boolean write = lane.waiting.element().invocation.command().isWrite();
      if (lane.unfinished > 0 && lane.writing != write) {
        return;
      }
      Waiting next = lane.waiting.remove();
      go(shard, lane, next.invocation, next.onReply);
    }
  }
}
