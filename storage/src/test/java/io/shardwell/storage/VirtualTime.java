package io.shardwell.storage;

import java.util.PriorityQueue;

/** A queue of tasks on a clock that only moves when told to. */
final class VirtualTime implements MemoryDisk.DelayScheduler {
  private record Due(long time, long order, Runnable task) implements Comparable<Due> {
    @Override
    public int compareTo(Due other) {
      int byTime = Long.compare(time, other.time);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  private final PriorityQueue<Due> queue = new PriorityQueue<>();
  private long now;
  private long order;

  @Override
  public void schedule(Runnable task, long delayNanos) {
    queue.add(new Due(now + delayNanos, order++, task));
  }

  /** Runs the next task, if there is one. */
  boolean runNext() {
    Due due = queue.poll();
    if (due == null) {
      return false;
    }
    now = due.time();
    due.task().run();
    return true;
  }

  void runAll() {
    while (runNext()) {}
  }
}
