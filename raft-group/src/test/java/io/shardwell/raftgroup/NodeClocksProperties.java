package io.shardwell.raftgroup;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Shows how far a fast clock is believed, with fewer and fewer others to compare it with. */
class NodeClocksProperties {

  private static final int MAX_SKEW_MILLIS = 500;
  private static final long HOUR = 3_600_000;

  private VirtualLoop loop = new VirtualLoop();
  private NodeClocks clocks = new NodeClocks(loop, MAX_SKEW_MILLIS);

  /** What a clock without fault shows, less the monotonic one. */
  private long offset = loop.wallOffsetMillis;

  /** A property's tries share this object. */
  private void beginAgain() {
    loop = new VirtualLoop();
    clocks = new NodeClocks(loop, MAX_SKEW_MILLIS);
    offset = loop.wallOffsetMillis;
  }

  private long truth() {
    return loop.wallClockMillis() - loop.wallOffsetMillis + offset;
  }

  @Property(tries = 300)
  void oneWrongClockIsNeverBelieved(
      @ForAll @IntRange(min = 2, max = 4) int others, @ForAll long seed) {
    beginAgain();
    Random random = new Random(seed);
    int wrong = random.nextInt(others + 1);
    long error = random.nextLong(-HOUR, HOUR);
    if (wrong == others) {
      loop.wallOffsetMillis += error;
    }
    for (int i = 0; i < others; i++) {
      clocks.heard("n" + i, truth() + (i == wrong ? error : 0));
    }
    loop.run(random.nextLong(HOUR));
    assertThat(clocks.boundedMillis()).isLessThanOrEqualTo(truth() + MAX_SKEW_MILLIS);
    if (wrong != others) {
      assertThat(clocks.boundedMillis()).isEqualTo(truth());
    }
    boolean ahead = wrong == others && error > MAX_SKEW_MILLIS;
    assertThat(clocks.isAhead()).isEqualTo(ahead);
    assertThat(clocks.nearerToMedian(Set.of("n0", "n1")::contains) != null)
        .isEqualTo(wrong == others && error != 0);
  }

  /** The first to be heard after a start of all; or a cluster of two. */
  @Example
  void ofTwoClocksTheEarlierOneCounts() {
    clocks.heard("n2", truth());
    loop.wallOffsetMillis += HOUR;
    assertThat(clocks.boundedMillis()).isEqualTo(truth() + MAX_SKEW_MILLIS);
    assertThat(clocks.isAhead()).isFalse();
  }

  /** Who leads next begins to give stamps when a node has just died, and perhaps just after. */
  @Example
  void aDeadNodesClockStillCountsThoughOursJumps() {
    clocks.heard("n2", truth() + HOUR);
    clocks.heard("n3", truth());
    loop.run(60_000);
    clocks.heard("n2", truth() + HOUR);
    loop.wallOffsetMillis += HOUR;
    assertThat(clocks.boundedMillis()).isEqualTo(truth() + HOUR);
    clocks.heard("n2", truth());
    assertThat(clocks.boundedMillis()).isEqualTo(truth() + MAX_SKEW_MILLIS);
    assertThat(clocks.isAhead()).isTrue();
    assertThat(clocks.nearerToMedian(node -> !node.equals("n2"))).isEqualTo("n3");
  }

  /** Or leaderships would go to it and come back for as long as its clock is wrong. */
  @Example
  void anothersClockIsKnownToBeAhead() {
    clocks.heard("n2", truth() + HOUR);
    assertThat(clocks.isAhead("n2")).as("of two nobody can tell").isFalse();
    clocks.heard("n3", truth());
    assertThat(clocks.isAhead("n2")).isTrue();
    assertThat(clocks.isAhead("n3")).isFalse();
    assertThat(clocks.isAhead("n4")).as("never heard of").isFalse();
    clocks.heard("n2", truth() + MAX_SKEW_MILLIS);
    assertThat(clocks.isAhead("n2")).isFalse();
  }

  @Example
  void aloneOurClockIsAllThereIs() {
    loop.wallOffsetMillis += HOUR;
    assertThat(clocks.boundedMillis()).isEqualTo(loop.wallClockMillis());
    assertThat(clocks.isAhead()).isFalse();
    assertThat(clocks.nearerToMedian(node -> true)).isNull();
  }
}
