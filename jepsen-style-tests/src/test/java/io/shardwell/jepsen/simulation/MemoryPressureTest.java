package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * Shows that {@link MemoryCeilings} has something to look at: among drawn seeds some change the
 * memory budget and have shares dealt; in the others no replica ever has a limit.
 */
class MemoryPressureTest {
  private static final int SEEDS = 8;

  @Test
  void oneSeedInEightChangesTheBudget() {
    for (long seed = 0; seed < SEEDS; seed++) {
      Scenario scenario = Scenario.drawn(seed).withSeconds(5);
      long taken = Run.of(scenario).limitsTaken();
      if (scenario.changesMemory()) {
        assertThat(taken).as("seed %d", seed).isGreaterThan(10);
      } else {
        assertThat(taken).as("seed %d", seed).isZero();
      }
    }
  }
}
