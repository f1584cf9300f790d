package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import org.junit.jupiter.api.Test;

/** Shows that faults are counted by the phase they strike in, and that steering finds rare ones. */
class PhaseTest {
  private static final EnumSet<Fault> FAULTS = EnumSet.of(Fault.KILL, Fault.BREAK_LINKS);

  /** The same seeds, with and without: the shape makes snapshots, so that all phases exist. */
  private static CountTable<Fault, Phase> table(boolean steered) {
    CountTable<Fault, Phase> table = new CountTable<>(Fault.class, Phase.class);
    for (long seed = 1; seed <= 3; seed++) {
      Scenario scenario =
          Scenario.drawn(seed).withSnapshots(5_000, 100).withSeconds(15).withFaults(FAULTS);
      table.add(Run.of(steered ? scenario.withSteering() : scenario).faults());
    }
    return table;
  }

  private static long rare(CountTable<Fault, Phase> table) {
    long count = 0;
    for (Fault fault : FAULTS) {
      count += table.count(fault, Phase.TRANSFER) + table.count(fault, Phase.SNAPSHOT_TAKING);
      count += table.count(fault, Phase.SNAPSHOT_INSTALL) + table.count(fault, Phase.ELECTION);
    }
    return count;
  }

  @Test
  void steeredFaultsMeetMoreRarePhases() {
    CountTable<Fault, Phase> steered = table(true);
    CountTable<Fault, Phase> drawn = table(false);
    assertThat(steered.totals()).containsOnlyKeys(FAULTS);
    assertThat(rare(steered)).as("%s%n%s", steered, drawn).isGreaterThan(rare(drawn));
    for (Phase phase : EnumSet.of(Phase.ELECTION, Phase.SNAPSHOT_TAKING, Phase.RECOVERY)) {
      long met = FAULTS.stream().mapToLong(fault -> steered.count(fault, phase)).sum();
      assertThat(met).as("%s in %s", phase, steered).isPositive();
    }
  }

  @Test
  void aTableAddsUpAndShowsARowPerKind() {
    CountTable<Fault, Phase> one = new CountTable<>(Fault.class, Phase.class);
    one.add(Fault.KILL, EnumSet.of(Phase.ELECTION, Phase.RECOVERY));
    CountTable<Fault, Phase> sum = new CountTable<>(Fault.class, Phase.class);
    sum.add(one);
    sum.add(one);
    sum.add(Fault.PAUSE, EnumSet.noneOf(Phase.class));
    assertThat(sum.count(Fault.KILL, Phase.RECOVERY)).isEqualTo(2);
    assertThat(sum.totals()).containsEntry(Fault.KILL, 2L).containsEntry(Fault.PAUSE, 1L);
    assertThat(sum.toString().lines().toList())
        .hasSize(3)
        .last()
        .asString()
        .matches("pause +1( +0){7}");
  }
}
