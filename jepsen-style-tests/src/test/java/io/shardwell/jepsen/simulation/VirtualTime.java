package io.shardwell.jepsen.simulation;

import java.util.PriorityQueue;

/**
 * The one queue of everything that will happen, and the clock that only it moves. Events of one
 * instant run in the order in which they were scheduled. All of a run's order is in here, so its
 * trace hash tells two runs apart.
 */
final class VirtualTime {
  static final long MICRO = 1_000;
  static final long MILLI = 1_000_000;
  static final long SECOND = 1_000_000_000;

  private record Event(long due, long order, Runnable task) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byDue = Long.compare(due, other.due);
      return byDue != 0 ? byDue : Long.compare(order, other.order);
    }
  }

  private final PriorityQueue<Event> queue = new PriorityQueue<>();
  private long now;
  private long order;
  private long events;
  private long hash = 0x5EED;

  /** Nanoseconds since the beginning of the run. */
  long now() {
    return now;
  }

  long events() {
    return events;
  }

  /** Equal for equal runs. */
  long traceHash() {
    return hash;
  }

  /** Notes what happened; what is not noted is not compared. */
  void trace(long what) {
    hash = (hash ^ what) * 0x9E3779B97F4A7C15L;
    hash ^= hash >>> 29;
  }

  void after(long delayNanos, Runnable task) {
    queue.add(new Event(now + Math.max(0, delayNanos), order++, task));
  }

  /** Runs the next event; false when nothing will ever happen again. */
  boolean step() {
    Event next = queue.poll();
    if (next == null) {
      return false;
    }
    now = next.due;
    events++;
    trace(now);
    next.task.run();
    return true;
  }
}
