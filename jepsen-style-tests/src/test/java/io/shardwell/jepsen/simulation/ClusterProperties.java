package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/**
 * Shows that clusters of real engines and storages keep their promises on a simulated network and
 * simulated disks: whatever a seed draws, every answer fits a single correct store, replicas agree
 * entry by entry, and a mended cluster works again. Shrinking a seed means nothing, so it is off; a
 * failure's last line replays it. The build tries the same seeds every time; {@link ChaosTest}
 * tries new ones.
 */
class ClusterProperties {

  @Property(tries = 60, shrinking = ShrinkingMode.OFF, seed = "1")
  void promisesHoldUnderAllFaults(@ForAll long seed) {
    Run.Summary summary = Run.of(Scenario.drawn(seed));
    assertThat(summary.history().undecided()).as("seed %d", seed).isEmpty();
  }

  @Property(tries = 8, shrinking = ShrinkingMode.OFF, seed = "2")
  void nothingFailsWhenNothingIsBroken(@ForAll long seed) {
    Run.Summary summary = Run.of(Scenario.drawn(seed).calm().withSeconds(5));
    assertThat(summary.history().isExplained()).as("seed %d", seed).isTrue();
    assertThat(summary.replies())
        .as("seed %d", seed)
        .doesNotContainKeys("CLUSTERDOWN", "INDETERMINATE", "TRYAGAIN", "OOM");
    assertThat(summary.history().open()).as("seed %d: without an outcome", seed).isZero();
  }

  /** A store that refused every guarded EXEC would give no answer that is wrong. */
  @Property(tries = 2, shrinking = ShrinkingMode.OFF, seed = "3")
  void guardedTransactionsAreDone(@ForAll long seed) {
    Scenario scenario = Scenario.drawn(seed * 4).calm().withSeconds(5);
    assertThat(scenario.hasTransactions()).isTrue();
    assertThat(Run.of(scenario).replies())
        .as("seed %d", scenario.seed())
        .containsKey(SimulatedCluster.GUARDED_DONE);
  }
}
