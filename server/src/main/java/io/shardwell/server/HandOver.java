package io.shardwell.server;

import java.util.ArrayList;
import java.util.List;

/**
 * From one loop to another: what one turn collects runs there one after the other, woken up for
 * once. {@link #turnEnded} belongs at the end of each turn, after all that adds.
 */
final class HandOver {

  private final NettyEventLoop from;
  private final NettyEventLoop to;

  // Of this turn. Its size is bounded by those who add: see SocketOnClientLoop.
  private final List<Runnable> collected = new ArrayList<>();

  HandOver(NettyEventLoop from, NettyEventLoop to) {
    this.from = from;
    this.to = to;
  }

  /** Runs the task on the other loop, after those added before it. */
  void add(Runnable task) {
    assert from.inLoop();
    collected.add(task);
  }

  void turnEnded() {
    assert from.inLoop();
    if (!collected.isEmpty()) {
      to.executeAll(collected);
      collected.clear();
    }
  }
}
