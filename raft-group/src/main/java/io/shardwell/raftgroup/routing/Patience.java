package io.shardwell.raftgroup.routing;

import io.shardwell.raftgroup.EventLoop;
import java.util.concurrent.TimeUnit;

/**
 * How long commands wait for a leader (DESIGN 5), in a time that stands still while the node's own
 * loop does: a process that is stopped, swapped out or starved of processors has not waited for
 * anybody. Measured by the loop's time, all its commands would be turned away in the moment in
 * which it goes on, for want of a leader that may even be itself. Loop thread only.
 */
public final class Patience {

  /** A timer may be so late on a loop that is merely busy. */
  private static final long TOLERATED_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final EventLoop loop;
  private final long commandNanos;

  // Only grows. Not subtracted before the stall is noticed: what was timed in between gets more.
  private long stalledNanos;

  /** For commands that wait so many milliseconds. */
  public Patience(EventLoop loop, int commandMillis) {
    this.loop = loop;
    this.commandNanos = TimeUnit.MILLISECONDS.toNanos(commandMillis);
  }

  /** A timer that runs every few milliseconds was late by so many nanoseconds. */
  public void loopWasLate(long nanos) {
    if (nanos > TOLERATED_NANOS) {
      stalledNanos += nanos;
    }
  }

  /** Nanoseconds from an arbitrary origin; compare with {@link #deadlineNanos} only. */
  long nanoTime() {
    return loop.nanoTime() - stalledNanos;
  }

  /** {@link #nanoTime} before which no answer can have come. */
  static final long NO_ANSWER = Long.MIN_VALUE;

  /** Whether there is nothing left of {@link #leftNanos}. */
  boolean isOver(long deadlineNanos, long lastAnswerNanos) {
    return leftNanos(deadlineNanos, lastAnswerNanos) <= 0;
  }

  /**
   * How much longer a command is to wait, in nanoseconds: until its deadline and, as long as its
   * shard answers others before it, for the same patience from the last answer. What stands behind
   * a long pipeline on a busy machine does not wait for want of a leader.
   *
   * @param lastAnswerNanos by {@link #nanoTime}; {@link #NO_ANSWER} at first
   */
  long leftNanos(long deadlineNanos, long lastAnswerNanos) {
    long now = nanoTime();
    long left = deadlineNanos - now;
    return lastAnswerNanos == NO_ANSWER
        ? left
        : Math.max(left, lastAnswerNanos + commandNanos - now);
  }

  /** For a command that begins to wait now. */
  long deadlineNanos() {
    return nanoTime() + commandNanos;
  }
}
