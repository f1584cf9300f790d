package io.shardwell.raftgroup;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
  private final Map<String, Long> offsets = new TreeMap<>();

  NodeClocks(EventLoop loop, int maxSkewMillis) {
    this.loop = loop;
    this.maxSkewMillis = maxSkewMillis;
  }

  void heard(String nodeId, long wallClockMillis) {
    offsets.put(nodeId, wallClockMillis - loop.wallClockMillis());
  }

  void forget(String nodeId) {
    offsets.remove(nodeId);
  }

  /** Our wall clock, but at most so far ahead of the median of all known clocks. */
  long boundedMillis() {
    long wall = loop.wallClockMillis();
    if (offsets.size() + 1 < QUORUM) {
      return wall;
    }
    return Math.min(wall, wall + medianOffset() + maxSkewMillis);
  }

  /** Whether our clock is too far ahead to lead, as far as at least three clocks can tell. */
  boolean isAhead() {
    return offsets.size() + 1 >= QUORUM && -medianOffset() > maxSkewMillis;
  }

  /** The node whose clock is nearest to the median, if that is nearer than ours. */
  @Nullable String nearerToMedian() {
    long median = medianOffset();
    String nearest = null;
    long distance = Math.abs(median);
    for (Map.Entry<String, Long> node : offsets.entrySet()) {
      long itsDistance = Math.abs(node.getValue() - median);
      if (itsDistance < distance) {
        distance = itsDistance;
        nearest = node.getKey();
      }
    }
    return nearest;
  }

  private long medianOffset() {
    List<Long> all = new ArrayList<>(offsets.values());
    all.add(0L);
    Collections.sort(all);
    return all.get((all.size() - 1) / 2);
  }
}
