package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.NodeStatus;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;

/**
 * Shows under load, in simulated time, that a node which stops gracefully has gone soon and that
 * each shard has a leader in that moment, and that all nodes may stop at the same time without
 * waiting for each other.
 */
class GracefulStopProperties {
  private static final long STOP = 500 * VirtualTime.MILLI;

  @Property(tries = 3, shrinking = ShrinkingMode.OFF, seed = "3")
  void whoHasGoneLeavesALeaderInEachShard(@ForAll long seed) {
    try (SimulatedCluster cluster = loaded(seed)) {
      SimulatedMachine machine = cluster.machines().get(Math.floorMod(seed, 3));
      cluster.run(2 * VirtualTime.SECOND);
      SimulatedProcess process = Objects.requireNonNull(machine.process());
      process.stop();
      assertThat(cluster.runUntil(() -> !process.isAlive(), STOP)).as("seed %d", seed).isTrue();
      assertThat(led(cluster))
          .as(() -> "seed " + seed + cluster.describe())
          // The shards and meta.
          .hasSize(cluster.scenario().shards() + 1);
    }
  }

  @Property(tries = 2, shrinking = ShrinkingMode.OFF, seed = "4")
  void allMayStopTogether(@ForAll long seed) {
    try (SimulatedCluster cluster = loaded(seed)) {
      cluster.run(2 * VirtualTime.SECOND);
      cluster.machines().forEach(machine -> Objects.requireNonNull(machine.process()).stop());
      assertThat(
              cluster.runUntil(
                  () -> cluster.machines().stream().allMatch(machine -> machine.engine() == null),
                  STOP))
          .as(() -> "seed " + seed + cluster.describe())
          .isTrue();
    }
  }

  /** Its replicas follow and write all the time; the node waited for a pause that did not come. */
  @Test
  void aStopDoesNotWaitUntilTheOthersRest() {
    try (SimulatedCluster cluster = loaded(7)) {
      SimulatedMachine machine = cluster.machines().get(1);
      machine.slowDisk();
      cluster.run(2 * VirtualTime.SECOND);
      SimulatedProcess process = Objects.requireNonNull(machine.process());
      process.stop();
      // 2 s for the hand-over at most, then what is under way on the disk and behind it.
      assertThat(cluster.runUntil(() -> !process.isAlive(), 3 * VirtualTime.SECOND)).isTrue();
    }
  }

  private static SimulatedCluster loaded(long seed) {
    Scenario scenario = Scenario.drawn(seed).calm().withNodes(3).withShards(6).withClients(4);
    SimulatedCluster cluster = new SimulatedCluster(scenario);
    cluster.startAll();
    assertThat(cluster.runUntil(cluster::allReady, 60 * VirtualTime.SECOND)).isTrue();
    Workload workload = new Workload(cluster.nextRandom(), scenario.keysOfEachKind());
    for (int i = 0; i < scenario.clients(); i++) {
      new SimulatedClient(
              cluster, cluster.history(), cluster.nextRandom(), 4, 20 * VirtualTime.MILLI)
          .run(workload::next);
    }
    return cluster;
  }

  private static Set<Integer> led(SimulatedCluster cluster) {
    Set<Integer> led = new HashSet<>();
    for (SimulatedMachine machine : cluster.machines()) {
      Engine engine = machine.engine();
      if (engine != null) {
        for (NodeStatus.ReplicaStatus replica : engine.status().replicas()) {
          if (replica.role().equals("leader")) {
            led.add(replica.shard());
          }
        }
      }
    }
    return led;
  }
}
