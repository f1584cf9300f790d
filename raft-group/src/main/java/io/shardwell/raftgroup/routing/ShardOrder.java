package io.shardwell.raftgroup.routing;

import io.shardwell.raftgroup.EventLoop;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one client's effects on each shard in order (DESIGN 5, 6): writes to a shard travel
 * together, reads of it too, but a read waits for the writes before it and a write for the reads
 * before it. A write that was answered INDETERMINATE is waited for until its fate is certain,
 * though not for longer than a command's patience. Loop thread only.
 */
public final class ShardOrder {

  /** Hands a command to its shard. */
  interface Dispatch {
    void dispatch(int shard, Pending command);
  }

  private static final class Lane {
    // Invariant: unfinished > 0 if anything waits; all unfinished are writes, or all are reads.
    int unfinished;
    boolean writing;

    // Set while goOn runs: a command that is turned away at once must not begin it anew for the
    // next one, one level deeper for each that waits.
    boolean goingOn;

    final ArrayDeque<Pending> waiting = new ArrayDeque<>();
    boolean watched;
    long lastAnswerNanos = Patience.NO_ANSWER;
  }

  private final EventLoop loop;
  private final Patience patience;
  private final Dispatch dispatch;
  private final @Nullable Lane[] lanes;

  ShardOrder(int shards, EventLoop loop, Patience patience, Dispatch dispatch) {
    this.lanes = new Lane[shards];
    this.loop = loop;
    this.patience = patience;
    this.dispatch = dispatch;
  }

  void submit(int shard, Invocation invocation, Consumer<Reply> onReply) {
    Lane lane = lanes[shard];
    if (lane == null) {
      lane = new Lane();
      lanes[shard] = lane;
    }
    Lane taken = lane;
    Pending command =
        new Pending(
            invocation,
            onReply,
            byShard -> decided(shard, taken, byShard),
            patience.deadlineNanos());
    if (lane.waiting.isEmpty() && mayGo(lane, command)) {
      go(shard, lane, command);
    } else {
      lane.waiting.add(command);
      watch(shard, lane);
    }
  }

  private void go(int shard, Lane lane, Pending command) {
    lane.writing = command.invocation().command().isWrite();
    lane.unfinished++;
    dispatch.dispatch(shard, command);
  }

  private void decided(int shard, Lane lane, boolean byShard) {
    lane.unfinished--;
    assert lane.unfinished >= 0;
    if (byShard && !lane.waiting.isEmpty()) {
      lane.lastAnswerNanos = patience.nanoTime();
    }
    goOn(shard, lane);
  }

  private void goOn(int shard, Lane lane) {
    if (lane.goingOn) {
      return; // The loop below, further out, looks at the lane again.
    }
    lane.goingOn = true;
    while (!lane.waiting.isEmpty() && mayGo(lane, lane.waiting.element())) {
      go(shard, lane, lane.waiting.remove());
    }
    lane.goingOn = false;
  }

  private static boolean mayGo(Lane lane, Pending command) {
    return lane.unfinished == 0 || lane.writing == command.invocation().command().isWrite();
  }

  /** Ends the patience of what waits for a write whose fate stays uncertain. */
  private void watch(int shard, Lane lane) {
    if (lane.watched || lane.waiting.isEmpty()) {
      return;
    }
    lane.watched = true;
    EventLoop.Timer unused =
        loop.schedule(
            () -> {
              lane.watched = false;
              while (!lane.waiting.isEmpty() && leftNanos(lane) <= 0) {
                Pending late = lane.waiting.remove();
                late.onReply().accept(RoutingErrors.noLeader(shard, late.invocation()));
              }
              goOn(shard, lane); // Behind a late read may be a write like those under way.
              watch(shard, lane);
            },
            Math.max(0, leftNanos(lane)));
  }

  private long leftNanos(Lane lane) {
    return patience.leftNanos(lane.waiting.element().deadlineNanos(), lane.lastAnswerNanos);
  }
}
