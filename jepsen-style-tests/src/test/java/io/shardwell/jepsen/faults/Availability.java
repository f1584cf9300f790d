package io.shardwell.jepsen.faults;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * How long writes stand still while a fault works and until all is well again: the longest time
 * between two acknowledged writes anywhere, and in the worst shard. Thread-safe.
 */
final class Availability {
  // By shard, then (last) for all together.
  private final long[] last;
  private final long[] gap;
  private final long[] firstSinceMended;
  private long mended;
  private boolean isMended;

  Availability(int shards) {
    last = new long[shards + 1];
    gap = new long[shards + 1];
    firstSinceMended = new long[shards + 1];
  }

  /**
   * What one injection cost.
   *
   * @param anyMillis the longest time without an acknowledged write in any shard
   * @param shardMillis the same in the worst shard
   * @param afterMendingMillis from mending until the last shard had acknowledged a write
   */
  record Cost(long anyMillis, long shardMillis, long afterMendingMillis) {}

  /** A fault is about to strike. */
  synchronized void begin() {
    Arrays.fill(last, System.nanoTime());
    Arrays.fill(gap, 0);
    isMended = false;
  }

  /** What the fault did is taken back. */
  synchronized void mended() {
    Arrays.fill(firstSinceMended, 0);
    mended = System.nanoTime();
    isMended = true;
  }

  /** A client was told that its write to the shard took effect. */
  synchronized void acknowledged(int shard) {
    long now = System.nanoTime();
    for (int place : new int[] {shard, last.length - 1}) {
      gap[place] = Math.max(gap[place], now - last[place]);
      last[place] = now;
      if (isMended && firstSinceMended[place] == 0) {
        firstSinceMended[place] = now;
      }
    }
  }

  /** Whether every shard has acknowledged a write since mending. */
  synchronized boolean isBack() {
    return isMended && Arrays.stream(firstSinceMended).noneMatch(first -> first == 0);
  }

  /** When {@link #isBack}. */
  synchronized Cost cost() {
    int all = last.length - 1;
    long worst = Arrays.stream(gap, 0, all).max().orElse(0);
    long back = Arrays.stream(firstSinceMended, 0, all).max().orElse(mended) - mended;
    return new Cost(
        TimeUnit.NANOSECONDS.toMillis(gap[all]),
        TimeUnit.NANOSECONDS.toMillis(worst),
        TimeUnit.NANOSECONDS.toMillis(back));
  }
}
