package io.shardwell.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;

/**
 * No synced record is lost, no vote forgotten, no record half there: random operations on all
 * groups, crashes of process and machine at random points and inside recovery, compared with a
 * naive model.
 */
final class CrashProperties {
  @Property(tries = 1500, shrinking = ShrinkingMode.OFF)
  void recoversTheLastSyncedTurnOrTheOneUnderWay(@ForAll long seed) throws IOException {
    crashSixTimes(seed);
  }

  @Property(tries = 200_000, shrinking = ShrinkingMode.OFF)
  @Tag("chaos")
  void recoversAMillionTimes(@ForAll long seed) throws IOException {
    crashSixTimes(seed);
  }

  /** Says what the two properties above are about: with fixed seeds, everything hard did happen. */
  @Example
  void crashesComeInTheMiddleOfEverythingHard() throws IOException {
    int crashes = 0;
    Seen seen = new Seen();
    for (long seed = 1; seed <= 400; seed++) {
      RandomNode node = crashSixTimes(seed);
      crashes += node.crashes;
      seen.add(node.seen);
    }
    assertThat(crashes).as("%s", seen).isGreaterThan(3500);
    assertThat(seen.moved).as("%s", seen).isGreaterThan(3000);
    assertThat(seen.recoveriesWithMoved).as("%s", seen).isGreaterThan(500);
    assertThat(seen.crashesWhileRewriting).as("%s", seen).isGreaterThan(100);
    assertThat(seen.crashesWithARecycledEnd).as("%s", seen).isGreaterThan(200);
    assertThat(seen.crashesBeforeTheNewHeader).as("%s", seen).isPositive();
    assertThat(seen.crashesBeforeTheNewName).as("%s", seen).isPositive();
  }

  private static RandomNode crashSixTimes(long seed) throws IOException {
    RandomNode node = new RandomNode(seed);
    for (int life = 0; life < 6; life++) {
      node.liveAndCrash();
    }
    assertThat(node.faults).isEmpty();
    return node;
  }
}
