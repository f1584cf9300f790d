package io.shardwell.jepsen.simulation;

import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** What the wires are like at the moment: which directions are cut, which are slow. */
final class NetworkConditions {
  private final Random random;
  private final Consumer<String> story;
  private final Set<String> cut = new HashSet<>();
  private final Map<String, Long> slowBy = new TreeMap<>();

  /**
   * @param story told of each change
   */
  NetworkConditions(Random random, Consumer<String> story) {
    this.random = random;
    this.story = story;
  }

  private static String direction(String from, String to) {
    return from + ">" + to;
  }

  /** Packets from one machine to the other no longer arrive; the other way is another matter. */
  void cut(String from, String to) {
    if (cut.add(direction(from, to))) {
      story.accept("cut " + from + " > " + to);
    }
  }

  void slow(String from, String to, long extraNanos) {
    slowBy.put(direction(from, to), extraNanos);
    story.accept("slow " + from + " > " + to + " by " + extraNanos / VirtualTime.MILLI + " ms");
  }

  void heal() {
    cut.clear();
    slowBy.clear();
    story.accept("all links healed");
  }

  void heal(String from, String to) {
    boolean wasCut = cut.remove(direction(from, to));
    boolean wasSlow = slowBy.remove(direction(from, to)) != null;
    if (wasCut || wasSlow) {
      story.accept("healed " + from + " > " + to);
    }
  }

  boolean isOpen(String from, String to) {
    return !cut.contains(direction(from, to));
  }

  boolean isSlow(String from, String to) {
    return slowBy.containsKey(direction(from, to));
  }

  boolean isOpenBothWays(String one, String other) {
    return isOpen(one, other) && isOpen(other, one);
  }

  /** One packet's time on the wire: mostly some hundred microseconds, with a long tail. */
  long delay(String from, String to) {
    long delay = 50 * VirtualTime.MICRO + random.nextInt((int) (400 * VirtualTime.MICRO));
    int tail = random.nextInt(1000);
    if (tail < 30) {
      delay *= 8;
    }
    if (tail < 3) {
      delay *= 10;
    }
    return delay + slowBy.getOrDefault(direction(from, to), 0L);
  }
}
