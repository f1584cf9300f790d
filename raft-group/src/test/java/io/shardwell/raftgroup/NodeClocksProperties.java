package io.shardwell.raftgroup;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Shows how far a wrong clock is believed, with fewer and fewer others to compare it with. */
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
    assertThat(clocks.firstMillis() - truth())
        .isBetween(-1L * MAX_SKEW_MILLIS, 1L * MAX_SKEW_MILLIS);
    assertThat(clocks.paceMillis(loop.wallClockMillis())).isEqualTo(clocks.firstMillis());
    if (wrong != others) {
      assertThat(clocks.firstMillis()).isEqualTo(truth());
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
    assertThat(clocks.firstMillis()).isEqualTo(truth() + MAX_SKEW_MILLIS);
    assertThat(clocks.isAhead()).isFalse();
    loop.wallOffsetMillis -= 2 * HOUR;
    assertThat(clocks.firstMillis()).isEqualTo(loop.wallClockMillis());
  }

  /** Or a clock that falls behind would hold the shard's time back until the leader changes. */
  @Example
  void ofTwoClocksTheLaterOneSetsThePace() {
    clocks.heard("n2", truth());
    loop.wallOffsetMillis -= HOUR;
    assertThat(clocks.paceMillis(loop.wallClockMillis())).isEqualTo(truth());
    loop.wallOffsetMillis += 2 * HOUR;
    assertThat(clocks.paceMillis(loop.wallClockMillis())).isEqualTo(loop.wallClockMillis());
  }

  /** The middle is kept with each reading and not looked for when it is asked. */
  @Property(tries = 300)
  void theMedianIsThatOfAllClocks(
      @ForAll @Size(max = 6) List<@IntRange(min = -9_000, max = 9_000) Integer> others,
      @ForAll @IntRange(min = -9_000, max = 9_000) int own) {
    beginAgain();
    List<Integer> all = new ArrayList<>(others);
    for (int i = 0; i < others.size(); i++) {
      clocks.heard("n" + i, 0); // Each is heard twice.
      clocks.heard("n" + i, truth() + others.get(i));
    }
    loop.wallOffsetMillis += own;
    all.add(own);
    Collections.sort(all);
    int median = all.get((all.size() - 1) / 2);
    int first = Math.min(own, median + MAX_SKEW_MILLIS);
    int bounded = Math.max(first, median - MAX_SKEW_MILLIS);
    assertThat(clocks.firstMillis() - truth()).isEqualTo(all.size() < 3 ? first : bounded);
    assertThat(clocks.paceMillis(loop.wallClockMillis()) - truth())
        .isEqualTo(all.size() < 3 ? (int) Collections.max(all) : bounded);
    assertThat(clocks.isAhead()).isEqualTo(all.size() >= 3 && own - median > MAX_SKEW_MILLIS);
  }

  /** Who leads next begins to give stamps when a node has just died, and perhaps just after. */
  @Example
  void aDeadNodesClockStillCountsThoughOursJumps() {
    clocks.heard("n2", truth() + HOUR);
    clocks.heard("n3", truth());
    loop.run(60_000);
    clocks.heard("n2", truth() + HOUR);
    loop.wallOffsetMillis += HOUR;
    assertThat(clocks.firstMillis()).isEqualTo(truth() + HOUR);
    clocks.heard("n2", truth());
    assertThat(clocks.firstMillis()).isEqualTo(truth() + MAX_SKEW_MILLIS);
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
    assertThat(clocks.firstMillis()).isEqualTo(loop.wallClockMillis());
    assertThat(clocks.paceMillis(loop.wallClockMillis())).isEqualTo(loop.wallClockMillis());
    assertThat(clocks.isAhead()).isFalse();
    assertThat(clocks.nearerToMedian(node -> true)).isNull();
  }
}
