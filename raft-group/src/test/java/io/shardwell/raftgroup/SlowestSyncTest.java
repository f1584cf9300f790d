package io.shardwell.raftgroup;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a node believes of its disk, after syncs that are played on a clock of the test's own. */
class SlowestSyncTest {
  private final SlowestSync slowest = new SlowestSync();
  private long now = TimeUnit.SECONDS.toNanos(5);

  @Test
  void aSlowerSyncCountsAtOnceAndAFasterOneByASixteenth() {
    sync(160);
    assertThat(millis()).isEqualTo(160);
    sync(10);
    assertThat(millis()).isEqualTo(150);
    sync(400);
    assertThat(millis()).isEqualTo(400);
  }

  /** The node must not go by times that its disk may well exceed at this moment. */
  @Test
  void aSyncUnderWayCountsByWhatItHasTakenSoFar() {
    slowest.began(now);
    pass(700);
    assertThat(millis()).isEqualTo(700);
    pass(300);
    slowest.ended(now);
    assertThat(millis()).isEqualTo(1000);
  }

  /**
   * Without a leader nothing is written, so no sync shows that the disk is well again: elections
   * were repeated after eight times what it had once taken, for as long as nobody led.
   */
  @Test
  void whatIsNotSeenAgainIsForgotten() {
    sync(400);
    pass(999);
    assertThat(millis()).isEqualTo(400);
    pass(1);
    assertThat(millis()).isEqualTo(200);
    pass(2000);
    assertThat(millis()).isEqualTo(50);
    pass(TimeUnit.DAYS.toMillis(1));
    assertThat(millis()).isZero();
  }

  /** Rare syncs of a slow disk keep it known as one. */
  @Test
  void aSyncUnderWayForgetsNothing() {
    sync(400);
    slowest.began(now);
    pass(390);
    assertThat(millis()).isEqualTo(400);
    slowest.ended(now);
    assertThat(millis()).isEqualTo(390);
  }

  private void sync(long millis) {
    slowest.began(now);
    pass(millis);
    slowest.ended(now);
  }

  private void pass(long millis) {
    now += TimeUnit.MILLISECONDS.toNanos(millis);
  }

  private long millis() {
    return slowest.millis(now);
  }
}
