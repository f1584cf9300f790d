package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Shows that a lone node which is stopped for twice as long as commands are patient, in the midst
 * of writes that wait for its slow disk, turns none of them away when it goes on: it leads every
 * slot all the time.
 */
class StalledNodeTest {
  private static final long STALL = 3 * VirtualTime.SECOND;

  @Test
  void whatWaitedForAStalledLoopIsAnswered() {
    Scenario scenario = Scenario.drawn(7).calm().withNodes(1).withShards(4).withClients(8);
    try (SimulatedCluster cluster = new SimulatedCluster(scenario)) {
      cluster.startAll();
      assertThat(cluster.runUntil(cluster::allReady, 60 * VirtualTime.SECOND)).isTrue();
      SimulatedMachine machine = cluster.machines().get(0);
      machine.slowDisk();
      Workload workload = new Workload(cluster.nextRandom(), scenario.keysOfEachKind());
      for (int i = 0; i < scenario.clients(); i++) {
        new SimulatedClient(cluster, cluster.history(), cluster.nextRandom(), 4, 0)
            .run(workload::next);
      }
      SimulatedEventLoop loop = Objects.requireNonNull(machine.process()).loop();
      for (int stall = 0; stall < 5; stall++) {
        cluster.run(VirtualTime.SECOND);
        loop.pause();
        cluster.run(STALL);
        loop.resume();
      }
      cluster.run(VirtualTime.SECOND);
      assertThat(cluster.replies().values().stream().mapToInt(Integer::intValue).sum())
          .isGreaterThan(100);
      assertThat(cluster.replies().keySet())
          .noneMatch(kind -> kind.startsWith("CLUSTERDOWN") || kind.startsWith("INDETERMINATE"));
    }
  }
}
