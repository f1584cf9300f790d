package io.shardwell.raftgroup.replica;

import io.shardwell.raftgroup.EventLoop;
import java.util.concurrent.TimeUnit;
import java.util.function.LongUnaryOperator;

/**
 * The stamps a leader gives (DESIGN 7): log time as seen by the one that makes it.
 *
 * <p>The first stamp of a term is the wall clock or the largest stamp in the log, whichever is
 * later; afterwards the last stamp plus the monotonic time that passed, at half speed while that is
 * ahead of the wall clock. So stamps never stand still, never jump and never run backwards,
 * whatever the wall clocks of the leaders do. Both times it is the wall clock as far as the other
 * nodes' clocks bear it out: stamps that go slowly because the leader's alone is behind are made up
 * for by the next leader, at once, and end early every time to live given meanwhile. Loop thread
 * only.
 */
public final class LogClock {

  private static final long NANOS_PER_MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private final EventLoop loop;
  private final LongUnaryOperator pace;

  // Invariant: never decreases, neither within a term nor from term to term.
  private long lastStampNanos;
  private long lastLoopNanos;
  private long largestSeenMillis;

  /** How much of the first stamp's fraction of a millisecond may still be made up for. */
  private long fractionNanos;

  /**
   * @param pace makes of the wall clock, in milliseconds, what stamps may catch up with at full
   *     speed; asked for each stamp
   */
  public LogClock(EventLoop loop, LongUnaryOperator pace) {
    this.loop = loop;
    this.pace = pace;
    this.lastLoopNanos = loop.nanoTime();
  }

  /** A stamp was found in the log, applied or not. */
  public void seen(long stampMillis) {
    largestSeenMillis = Math.max(largestSeenMillis, stampMillis);
  }

  /**
   * A term of leadership begins.
   *
   * @param wallMillis the wall clock, or another if it is too far from the other nodes' clocks
   */
  public void lead(long wallMillis) {
    long first = Math.max(wallMillis, largestSeenMillis);
    lastStampNanos = Math.max(lastStampNanos, TimeUnit.MILLISECONDS.toNanos(first));
    lastLoopNanos = loop.nanoTime();
    fractionNanos = NANOS_PER_MILLI - 1;
  }

  /** The stamp for now, in milliseconds. */
  public long stampMillis() {
    long now = loop.nanoTime();
    long passed = Math.max(0, now - lastLoopNanos);
    lastLoopNanos = now;
    long wallMillis = loop.wallClockMillis();
    long paceNanos = TimeUnit.MILLISECONDS.toNanos(pace.applyAsLong(wallMillis));
    boolean ahead = lastStampNanos - paceNanos >= NANOS_PER_MILLI; // Of all its millisecond.
    lastStampNanos += ahead ? passed / 2 : passed;
    long wallNanos = TimeUnit.MILLISECONDS.toNanos(wallMillis);
    long behind = wallNanos - lastStampNanos;
    if (behind > 0 && behind <= fractionNanos) {
      // The first stamp left out what had passed of its millisecond: without it a time to live
      // would be longer, by a millisecond, than a client with the same clock has asked for.
      lastStampNanos = wallNanos;
      fractionNanos -= behind;
    }
    long stamp = TimeUnit.NANOSECONDS.toMillis(lastStampNanos);
    return Math.max(stamp, largestSeenMillis);
  }
}
