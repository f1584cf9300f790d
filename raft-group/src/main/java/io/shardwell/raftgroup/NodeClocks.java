package io.shardwell.raftgroup;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How far the other nodes' wall clocks are from ours, from their pulses (the way of a pulse counts
 * as nothing). Bounds the stamps a leader with a fast clock may begin with (DESIGN 7). Loop thread
 * only.
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

  NodeClocks(EventLoop loop, int maxSkewMillis) {
    this.loop = loop;
    this.maxSkewMillis = maxSkewMillis;
  }

  void heard(String nodeId, long wallClockMillis) {
    readings.put(nodeId, wallClockMillis - monotonicMillis());
  }

  /**
   * Our wall clock, but at most so far ahead of the median of all known clocks. Of two the earlier
   * one counts: a time to live may end late if that one is wrong, and never early if ours is.
   */
  long boundedMillis() {
    return loop.wallClockMillis() + Math.min(0, medianOffset() + maxSkewMillis);
  }

  /** Whether our clock is too far ahead to lead, as far as at least three clocks can tell. */
  boolean isAhead() {
    return readings.size() + 1 >= QUORUM && -medianOffset() > maxSkewMillis;
  }

  /** Whether another node's clock is that far ahead: it would not keep what it came to lead. */
  boolean isAhead(String nodeId) {
    Long reading = readings.get(nodeId);
    return reading != null
        && readings.size() + 1 >= QUORUM
        && offset(reading) - medianOffset() > maxSkewMillis;
  }

  /** The node among some whose clock is nearest to the median, if that is nearer than ours. */
  @Nullable String nearerToMedian(Predicate<String> among) {
    long median = medianOffset();
    String nearest = null;
    long distance = Math.abs(median);
    for (Map.Entry<String, Long> node : readings.entrySet()) {
      long itsDistance = Math.abs(offset(node.getValue()) - median);
      if (itsDistance < distance && among.test(node.getKey())) {
        distance = itsDistance;
        nearest = node.getKey();
      }
    }
    return nearest;
  }

  private long medianOffset() {
    List<Long> all = new ArrayList<>();
    readings.values().forEach(reading -> all.add(offset(reading)));
    all.add(0L);
    Collections.sort(all);
    return all.get((all.size() - 1) / 2);
  }

  /** How far a clock is ahead of ours now. */
  private long offset(long reading) {
    return reading + monotonicMillis() - loop.wallClockMillis();
  }

  private long monotonicMillis() {
    return TimeUnit.NANOSECONDS.toMillis(loop.nanoTime());
  }
}
