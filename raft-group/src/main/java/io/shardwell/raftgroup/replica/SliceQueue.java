package io.shardwell.raftgroup.replica;

import io.shardwell.raftgroup.EventLoop;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * Long work of a loop's replicas that is done in slices, one at a time over all of them: between
 * two the loop does what waits. Loop thread only.
 */
public final class SliceQueue {

  /** Long enough for a turn to pass in between. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final EventLoop loop;
  private final ArrayDeque<Runnable> slices = new ArrayDeque<>();

  // Invariant: set if any slice waits.
  private boolean scheduled;

  public SliceQueue(EventLoop loop) {
    this.loop = loop;
  }

  /** Runs the slice behind those that wait. */
  void add(Runnable slice) {
    slices.add(slice);
    schedule();
  }

  private void schedule() {
    if (!scheduled) {
      scheduled = true;
      EventLoop.Timer unused = loop.schedule(this::next, PAUSE_NANOS);
    }
  }

  private void next() {
    scheduled = false;
    slices.remove().run();
    if (!slices.isEmpty()) {
      schedule();
    }
  }
}
