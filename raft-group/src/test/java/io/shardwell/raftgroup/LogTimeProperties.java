package io.shardwell.raftgroup;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.replica.LogClock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Shows that log time keeps to the true time whoever leads, as long as most clocks are right and
 * known: the model is the true time itself. Leaders come and go, the clocks of a minority show
 * anything and jump at any time, those of the others stay a little off.
 */
class LogTimeProperties {

  private static final long START = 1_700_000_000_000L;
  private static final int MAX_SKEW_MILLIS = 500;

  /** Of a clock that is right. */
  private static final int MAX_OFFSET_MILLIS = 200;

  /** Of one that is not. */
  private static final int TWO_HOURS = 7_200_000;

  /** A reading and a stamp leave out fractions of a millisecond. */
  private static final int ROUNDING_MILLIS = 3;

  private static final int BOUND_MILLIS = MAX_SKEW_MILLIS + MAX_OFFSET_MILLIS + ROUNDING_MILLIS;

  /** A key: when its time is up by the log, and when truly. */
  private record Lease(long deadline, long due) {}

  private static final class Node {
    final VirtualLoop loop = new VirtualLoop();
    final NodeClocks clocks = new NodeClocks(loop, MAX_SKEW_MILLIS);
    final LogClock stamps = new LogClock(loop, clocks::paceMillis);

    void set(long wallMillis) {
      loop.wallOffsetMillis += wallMillis - loop.wallClockMillis();
    }
  }

  @Property(tries = 300)
  void logTimeStaysWithTheTrueTime(
      @ForAll @IntRange(min = 3, max = 5) int size, @ForAll long seed) {
    Random random = new Random(seed);
    int wrong = random.nextInt((size + 1) / 2);
    List<Node> nodes = new ArrayList<>();
    long truth = START;
    for (int i = 0; i < size; i++) {
      nodes.add(new Node());
      nodes.get(i).loop.run(random.nextInt(TWO_HOURS)); // Monotonic times have nothing in common.
      nodes.get(i).set(truth + error(random, i < wrong));
    }
    nodes.forEach(heard -> pulse(nodes, heard));
    Node leader = null;
    long last = START - random.nextInt(TWO_HOURS);
    for (Node node : nodes) {
      node.stamps.seen(last); // What the log held before all were stopped.
    }
    List<Lease> leases = new ArrayList<>();
    for (int step = 0; step < 300; step++) {
      int passed = random.nextInt(100) == 0 ? random.nextInt(TWO_HOURS) : random.nextInt(2_000);
      nodes.forEach(node -> node.loop.run(passed));
      truth += passed;
      int drawn = random.nextInt(size);
      switch (random.nextInt(6)) {
        case 0 -> nodes.get(drawn).set(truth + error(random, drawn < wrong));
        case 1 -> pulse(nodes, nodes.get(drawn));
        case 2 -> {
          if (random.nextInt(4) == 0) {
            leader = nodes.get(drawn);
            leader.stamps.lead(leader.clocks.firstMillis());
          }
        }
        default -> {}
      }
      if (leader == null) {
        continue;
      }
      long stamp = leader.stamps.stampMillis();
      nodes.forEach(node -> node.stamps.seen(stamp));
      assertThat(stamp).isGreaterThanOrEqualTo(last);
      assertThat(stamp - truth).isBetween((long) -BOUND_MILLIS, (long) BOUND_MILLIS);
      last = stamp;
      for (Lease lease : List.copyOf(leases)) {
        boolean gone = lease.deadline <= stamp;
        // Given by a leader as far behind as can be, and ended by one as far ahead; or the reverse.
        if (gone) {
          assertThat(truth - lease.due).isGreaterThanOrEqualTo(-2L * BOUND_MILLIS);
          leases.remove(lease);
        } else {
          assertThat(truth - lease.due).isLessThanOrEqualTo(2L * BOUND_MILLIS);
        }
      }
      int toLive = random.nextInt(TWO_HOURS / 10);
      leases.add(new Lease(stamp + toLive, truth + toLive));
    }
  }

  private static int error(Random random, boolean wrong) {
    int most = wrong ? TWO_HOURS : MAX_OFFSET_MILLIS;
    return random.nextInt(-most, most + 1);
  }

  /** All hear what one's clock shows. */
  private static void pulse(List<Node> nodes, Node from) {
    for (Node node : nodes) {
      if (node != from) {
        node.clocks.heard("n" + nodes.indexOf(from), from.loop.wallClockMillis());
      }
    }
  }
}
