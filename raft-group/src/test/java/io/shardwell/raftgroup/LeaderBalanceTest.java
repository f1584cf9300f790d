package io.shardwell.raftgroup;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/**
 * Shows to whom a leadership should go, by what the clocks show. A node whose clock is too far
 * ahead gets none, or it would come back and go there again for as long as that clock is wrong.
 */
class LeaderBalanceTest {

  private static final int MAX_SKEW_MILLIS = 500;
  private static final long HOUR = 3_600_000;

  private final VirtualLoop loop = new VirtualLoop();
  private final NodeClocks clocks = new NodeClocks(loop, MAX_SKEW_MILLIS);
  private final long truth = loop.wallClockMillis();

  private String heirFor(String preferred, String... settled) {
    Predicate<String> isSettled = List.of(settled)::contains;
    return String.valueOf(LeaderBalance.heir("me", preferred, clocks, isSettled));
  }

  @Test
  void withClocksThatAreRightThePreferredNodeLeadsOnceItIsSettled() {
    clocks.heard("n2", truth);
    clocks.heard("n3", truth + MAX_SKEW_MILLIS);
    assertThat(heirFor("n2", "n2", "n3")).isEqualTo("n2");
    assertThat(heirFor("n3", "n2", "n3")).isEqualTo("n3");
    assertThat(heirFor("n3", "n2")).isEqualTo("null");
    assertThat(heirFor("me", "n2", "n3")).isEqualTo("null");
  }

  @Test
  void aPreferredNodeWhoseClockIsAheadWaitsUntilItIsRight() {
    clocks.heard("n2", truth + HOUR);
    clocks.heard("n3", truth);
    assertThat(heirFor("n2", "n2", "n3")).isEqualTo("null");
    assertThat(heirFor("n3", "n2", "n3")).isEqualTo("n3");
    clocks.heard("n2", truth);
    assertThat(heirFor("n2", "n2", "n3")).isEqualTo("n2");
  }

  @Test
  void ofTwoClocksNobodyCanTellWhichIsAhead() {
    clocks.heard("n2", truth + HOUR);
    assertThat(heirFor("n2", "n2")).isEqualTo("n2");
  }

  /** Whatever is preferred; and to nobody as long as only worse ones are settled. */
  @Test
  void aLeaderWhoseClockIsAheadHandsOverToABetterOne() {
    clocks.heard("n2", truth);
    clocks.heard("n3", truth + 1);
    clocks.heard("n4", truth + 2 * HOUR);
    loop.wallOffsetMillis += HOUR;
    assertThat(heirFor("me", "n2", "n3", "n4")).isEqualTo("n3");
    assertThat(heirFor("me", "n2", "n4")).isEqualTo("n2");
    assertThat(heirFor("n4", "n4")).isEqualTo("null");
    assertThat(heirFor("me", "n4")).isEqualTo("null");
  }
}
