package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Shows that storms go where the table is short, by tables that lack one phase, one cell, nothing.
 */
class SteeringTest {
  private static final long WANTED = 10;

  /** Every cell holds what is wanted, but for those of the phase: these hold so much. */
  private static Totals full(Phase but, long count) {
    Map<String, Long> figures = new TreeMap<>();
    for (Fault fault : Fault.values()) {
      String name = "fault." + CountTable.nameOf(fault.name());
      figures.put(name, WANTED);
      for (Phase phase : Storm.foci()) {
        figures.put(name + "." + CountTable.nameOf(phase.name()), phase == but ? count : WANTED);
      }
    }
    Totals totals = new Totals();
    totals.add(figures, List.of());
    return totals;
  }

  private static Scenario storm(long seed) {
    return Scenario.drawn(seed).withFaults(EnumSet.allOf(Fault.class)).withStorm();
  }

  @Test
  void aPhaseThatLacksSomethingIsTheFocusOfMostStorms() {
    Steering steering = new Steering(full(Phase.TRANSFER, WANTED - 1), WANTED);
    int aimed = 0;
    for (long seed = 1; seed <= 100; seed++) {
      Scenario scenario = steering.aim(storm(seed));
      aimed += scenario.focus() == Phase.TRANSFER ? 1 : 0;
      assertThat(scenario.focus()).isIn(Phase.TRANSFER, null);
      assertThat(scenario.faults()).isEqualTo(storm(seed).faults());
    }
    assertThat(aimed).isBetween(70, 99);
  }

  @Test
  void kindsThatHaveMetAPhaseOftenEnoughMakeRoom() {
    Totals totals = full(Phase.TRANSFER, WANTED);
    Map<String, Long> oneLess = Map.of("fault.swizzle.transfer", -1L);
    totals.add(oneLess, List.of());
    Scenario scenario = new Steering(totals, WANTED).aim(storm(2));
    assertThat(scenario.focus()).isEqualTo(Phase.TRANSFER);
    assertThat(scenario.faults()).contains(Fault.SWIZZLE).hasSize(6);
  }

  @Test
  void aFullTableLeavesAStormAsItIs() {
    Steering steering = new Steering(full(Phase.STEADY, 0), WANTED);
    for (long seed = 1; seed <= 20; seed++) {
      assertThat(steering.aim(storm(seed))).isEqualTo(storm(seed));
    }
  }
}
