package io.shardwell.raftgroup;

import java.util.concurrent.TimeUnit;

/**
 * How long the disk has lately taken at most: election timeouts grow with it (MICRORAFT B11).
 *
 * <p>A slower sync counts at once, one that is under way by what it has taken so far; a faster one
 * counts by a sixteenth. And what nobody has seen again is believed by half for each second: a
 * group without a leader writes next to nothing, so its syncs alone would teach no one that the
 * disk has recovered, and an election that fails for another reason would be repeated only after
 * eight syncs of a disk that is slow no more. Loop thread only.
 */
final class SlowestSync {

  private static final long HALVING_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Invariant: what is believed at {@link #seenNanos}. */
  private long slowestNanos;

  private long seenNanos;
  private long beganNanos;
  private boolean underWay;

  /** A sync begins. */
  void began(long nowNanos) {
    assert !underWay : "two syncs at a time";
    slowestNanos = believed(nowNanos);
    seenNanos = nowNanos;
    beganNanos = nowNanos;
    underWay = true;
  }

  /** It is done. */
  void ended(long nowNanos) {
    assert underWay : "no sync to end";
    underWay = false;
    slowestNanos = Math.max(nowNanos - beganNanos, slowestNanos / 16 * 15);
    seenNanos = nowNanos;
  }

  /** In milliseconds, as of now. */
  long millis(long nowNanos) {
    return TimeUnit.NANOSECONDS.toMillis(believed(nowNanos));
  }

  private long believed(long nowNanos) {
    if (underWay) {
      // Nothing has been learnt meanwhile but this, so nothing is forgotten either.
      return Math.max(nowNanos - beganNanos, slowestNanos);
    }
    long halvings = Math.min(Long.SIZE - 1, (nowNanos - seenNanos) / HALVING_NANOS);
    return slowestNanos >> halvings;
  }
}
