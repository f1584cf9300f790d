package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Shows, for each step of a turn, that a process can be told to die there, and does. */
class CrashTest {
  @ParameterizedTest
  @EnumSource(
      value = Crash.Step.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"START", "OWN_TASK", "BETWEEN_TURNS", "OWN_HALT"})
  void aProcessDiesAtTheStepItIsToldTo(Crash.Step step) {
    Scenario scenario = Scenario.drawn(3).calm();
    try (SimulatedCluster cluster = new SimulatedCluster(scenario)) {
      cluster.startAll();
      assertThat(cluster.runUntil(cluster::allReady, 10 * VirtualTime.SECOND)).isTrue();
      SimulatedMachine machine = cluster.machines().get(0);
      boolean[] told = new boolean[1];
      SimulatedProcess process = Objects.requireNonNull(machine.process());
      process.killAt(step, 2, true);
      process.uponDeath(() -> told[0] = true);
      Workload workload = new Workload(cluster.nextRandom(), 1);
      for (int i = 0; i < 6; i++) {
        new SimulatedClient(
                cluster, cluster.history(), cluster.nextRandom(), 2, 10 * VirtualTime.MILLI)
            .run(workload::next);
      }
      assertThat(cluster.runUntil(() -> !machine.isUp(), 5 * VirtualTime.SECOND)).isTrue();
      assertThat(cluster.crashes().totals()).containsOnlyKeys(step).containsEntry(step, 1L);
      assertThat(told[0]).isTrue();
    }
  }
}
