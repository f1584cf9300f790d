package io.shardwell.raftgroup.routing;

import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.Tuning;
import java.util.concurrent.TimeUnit;

/**
 * When a channel repeats what stays unanswered: not while answers come, and to the same leader
 * after waits that double. What was sent, or its answer, may be large and still on a slow wire, and
 * each repetition delays all that is behind it. Loop thread only.
 */
final class Repetitions {

  /** After so many repetitions in vain the wait doubles no more. */
  private static final int MAX_DOUBLINGS = 3;

  private final EventLoop loop;
  private final long firstWaitNanos;

  // Invariant: at most MAX_DOUBLINGS.
  private int doublings;

  /** Loop time at which the last answer was taken. */
  private long answeredNanos = Long.MIN_VALUE;

  Repetitions(EventLoop loop, Tuning tuning) {
    this.loop = loop;
    this.firstWaitNanos = TimeUnit.MILLISECONDS.toNanos(tuning.resendMillis());
  }

  /** Nothing has been repeated in vain: by another way, or what is small, it may arrive. */
  void beginAnew() {
    doublings = 0;
  }

  /** An answer was taken. */
  void answered() {
    doublings = 0;
    answeredNanos = loop.nanoTime();
  }

  /** For how long nothing has come to what left then, in nanoseconds. */
  long waited(long leftNanos) {
    return loop.nanoTime() - Math.max(leftNanos, answeredNanos);
  }

  /** Whether that is enough for a repetition to another leader. */
  boolean mayGoElsewhere(long waitedNanos) {
    return waitedNanos >= firstWaitNanos;
  }

  /** Whether it is enough for one to the same leader; if so, the next wait is longer. */
  boolean takeTurn(long waitedNanos) {
    boolean isDue = waitedNanos >= firstWaitNanos << doublings;
    if (isDue) {
      doublings = Math.min(doublings + 1, MAX_DOUBLINGS);
    }
    return isDue;
  }
}
