package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.NodeStatus;
import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/**
 * Shows that the survivors of a killed node lead its shards after a fraction of an election
 * timeout, whoever of them heard of the death first and whose log is longer: under load, in
 * simulated time.
 */
class FailoverProperties {
  /** Below an election timeout and what leads to it: nobody may have to wait for a second round. */
  private static final long LIMIT = 650 * VirtualTime.MILLI;

  /** The heartbeat timeout, the look for it, and the same; a second round would not fit in. */
  private static final long LIMIT_AFTER_SILENCE = 1100 * VirtualTime.MILLI;

  @Property(tries = 8, shrinking = ShrinkingMode.OFF, seed = "5")
  void aDeadNodesShardsAreLedAgainSoon(@ForAll long seed) {
    ledAgainAfter(seed, false, LIMIT);
  }

  /** Nobody closes its connections: all survivors notice its silence in the same moment. */
  @Property(tries = 8, shrinking = ShrinkingMode.OFF, seed = "6")
  void aSilentMachinesShardsAreLedAgainSoon(@ForAll long seed) {
    ledAgainAfter(seed, true, LIMIT_AFTER_SILENCE);
  }

  private static void ledAgainAfter(long seed, boolean powerCut, long limit) {
    Scenario scenario = Scenario.drawn(seed).calm().withNodes(3).withShards(6).withClients(4);
    try (SimulatedCluster cluster = new SimulatedCluster(scenario)) {
      cluster.startAll();
      assertThat(cluster.runUntil(cluster::allReady, 60 * VirtualTime.SECOND)).isTrue();
      Workload workload = new Workload(cluster.nextRandom(), scenario.keysOfEachKind());
      for (int i = 0; i < scenario.clients(); i++) {
        new SimulatedClient(
                cluster, cluster.history(), cluster.nextRandom(), 4, 20 * VirtualTime.MILLI)
            .run(workload::next);
      }
      for (SimulatedMachine machine : cluster.machines()) {
        cluster.run(2 * VirtualTime.SECOND);
        machine.crash(powerCut);
        assertThat(cluster.runUntil(() -> allShardsAreLed(cluster), limit))
            .as(() -> "seed " + seed + cluster.describe())
            .isTrue();
        machine.start();
        assertThat(cluster.runUntil(cluster::allReady, 60 * VirtualTime.SECOND)).isTrue();
      }
    }
  }

  private static boolean allShardsAreLed(SimulatedCluster cluster) {
    Set<Integer> led = new HashSet<>();
    for (SimulatedMachine machine : cluster.machines()) {
      Engine engine = machine.engine();
      if (engine == null) {
        continue;
      }
      for (NodeStatus.ReplicaStatus replica : engine.status().replicas()) {
        if (replica.role().equals("leader")) {
          led.add(replica.shard());
        }
      }
    }
    // The shards and meta.
    return led.size() == cluster.scenario().shards() + 1;
  }
}
