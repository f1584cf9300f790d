package io.shardwell.raftgroup;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How far the other nodes' wall clocks are from ours, from their pulses (the way of a pulse counts
 * as nothing). Keeps the stamps of a leader with a wrong clock near those of the others (DESIGN 7).
 * Loop thread only.
 */
final class NodeClocks {

  /** Fewer clocks than this say nothing about which of them is wrong. */
  private static final int QUORUM = 3;

  private final EventLoop loop;
  private final int maxSkewMillis;

  /**
   * What each node's wall clock showed at its last pulse, less our monotonic clock then, in
   * milliseconds: so that it tells what it shows now, even if ours has jumped since, and the node
   * has died. It is just after a death that somebody else begins to give stamps.
   */
  private final Map<String, Long> readings = new TreeMap<>();

  // Invariant: the readings next to ours if it is in the middle, so that the median of all is ours,
  // but at least the one and at most the other. Kept because each stamp asks for it.
  private long belowMiddle = Long.MIN_VALUE;
  private long aboveMiddle = Long.MAX_VALUE;

  NodeClocks(EventLoop loop, int maxSkewMillis) {
    this.loop = loop;
    this.maxSkewMillis = maxSkewMillis;
  }

  void heard(String nodeId, long wallClockMillis) {
    readings.put(nodeId, wallClockMillis - monotonicMillis());
    long[] others = readings.values().stream().mapToLong(Long::longValue).sorted().toArray();
    int middle = others.length / 2;
    belowMiddle = middle == 0 ? Long.MIN_VALUE : others[middle - 1];
    aboveMiddle = others[middle];
  }

  /**
   * With which the stamps of a leader that begins may start: our wall clock, but at most so far
   * from the median of all known clocks. Of two the earlier one counts: a time to live may end late
   * if that one is wrong, and not early if ours is.
   */
  long firstMillis() {
    long monotonic = monotonicMillis();
    return monotonic + bounded(own(monotonic));
  }

  /**
   * What a leader's stamps may catch up with at full speed: the same, but of two clocks the later
   * one. Only stamps that all these clocks are behind go slowly, because what they lose until the
   * next leader begins is what a time to live given meanwhile ends early by.
   *
   * @param wallMillis our wall clock, which who asks has read already
   */
  long paceMillis(long wallMillis) {
    long monotonic = monotonicMillis();
    long own = wallMillis - monotonic;
    boolean two = readings.size() == 1;
    return monotonic + (two ? Math.max(own, aboveMiddle) : bounded(own));
  }

  private long bounded(long own) {
    long median = median(own);
    long notAhead = Math.min(own, median + maxSkewMillis);
    return isQuorum() ? Math.max(notAhead, median - maxSkewMillis) : notAhead;
  }

  /** Whether our clock is too far ahead to lead, as far as at least three clocks can tell. */
  boolean isAhead() {
    long own = own(monotonicMillis());
    return isQuorum() && own - median(own) > maxSkewMillis;
  }

  /** Whether another node's clock is that far ahead: it would not keep what it came to lead. */
  boolean isAhead(String nodeId) {
    Long reading = readings.get(nodeId);
    return reading != null
        && isQuorum()
        && reading - median(own(monotonicMillis())) > maxSkewMillis;
  }

  /** The node among some whose clock is nearest to the median, if that is nearer than ours. */
  @Nullable String nearerToMedian(Predicate<String> among) {
    long own = own(monotonicMillis());
    long median = median(own);
    String nearest = null;
    long distance = Math.abs(own - median);
    for (Map.Entry<String, Long> node : readings.entrySet()) {
      long itsDistance = Math.abs(node.getValue() - median);
      if (itsDistance < distance && among.test(node.getKey())) {
        distance = itsDistance;
        nearest = node.getKey();
      }
    }
    return nearest;
  }

  private boolean isQuorum() {
    return readings.size() + 1 >= QUORUM;
  }

  /** Of all readings and ours; the earlier one of the two in the middle. */
  private long median(long own) {
    return Math.max(belowMiddle, Math.min(own, aboveMiddle));
  }

  private long own(long monotonicMillis) {
    return loop.wallClockMillis() - monotonicMillis;
  }

  private long monotonicMillis() {
    return TimeUnit.NANOSECONDS.toMillis(loop.nanoTime());
  }
}
