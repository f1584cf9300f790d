package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.raftgroup.replica.Replica;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
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

  /** Without a write to a shard; a writer's rest of some milliseconds is part of it. */
  private static final long GAP = 100 * VirtualTime.MILLI;

  /** What has been sent has arrived by then, with few exceptions. */
  private static final long UNDER_WAY = 3 * VirtualTime.MILLI;

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

  /** Hand-over, departure, return and the leaderships' way back, each shard for itself. */
  @Property(tries = 2, shrinking = ShrinkingMode.OFF, seed = "8")
  void noShardStandsStillForLong(@ForAll long seed) {
    try (SimulatedCluster cluster = calm(seed)) {
      SimulatedMachine machine = cluster.machines().get(Math.floorMod(seed, 3));
      ShardGaps gaps = new ShardGaps(cluster, others(cluster, machine));
      cluster.run(VirtualTime.SECOND);
      gaps.forget();
      SimulatedProcess process = Objects.requireNonNull(machine.process());
      process.stop();
      assertThat(cluster.runUntil(() -> !process.isAlive(), STOP)).as("seed %d", seed).isTrue();
      cluster.run(VirtualTime.SECOND / 2);
      assertThat(gaps.longest()).as("the stop, seed %d", seed).isLessThan(GAP);
      gaps.forget();
      machine.start();
      assertThat(cluster.runUntil(() -> leads(machine), 12 * VirtualTime.SECOND)).isTrue();
      cluster.run(VirtualTime.SECOND);
      assertThat(gaps.longest()).as("the return, seed %d", seed).isLessThan(GAP);
    }
  }

  /**
   * As in a collection or on a busy machine. An heir that stood still kept its shard from taking
   * writes for up to 700 ms, and when the node had gone, any survivor did so to all shards.
   */
  @Property(tries = 12, shrinking = ShrinkingMode.OFF, seed = "9")
  void aSurvivorThatStandsStillDelaysOnlyWhatItLeads(@ForAll long seed) {
    try (SimulatedCluster cluster = calm(seed)) {
      SimulatedMachine leaving = cluster.machines().get(Math.floorMod(seed, 3));
      List<SimulatedMachine> others = others(cluster, leaving);
      SimulatedMachine still = others.get(Math.floorMod(seed / 3, 2));
      others.remove(still);
      ShardGaps gaps = new ShardGaps(cluster, others);
      cluster.run(VirtualTime.SECOND);
      gaps.forget();
      Objects.requireNonNull(leaving.process()).stop();
      // Before, while and after it is asked to take over.
      SimulatedEventLoop loop = Objects.requireNonNull(still.process()).loop();
      cluster.run(Math.floorMod(seed / 6, 10) * VirtualTime.MILLI / 3);
      loop.pause();
      Set<Integer> hangsOnIt = ledByOrStandingIn(still);
      cluster.run(UNDER_WAY);
      if (!hasOffices(leaving)) {
        // What the other had said before still came, and the node may rightly have gone on it.
        return;
      }
      cluster.run(300 * VirtualTime.MILLI);
      for (int shard = 0; shard < cluster.scenario().shards(); shard++) {
        if (!hangsOnIt.contains(shard)) {
          assertThat(gaps.longest(shard)).as("shard %d, seed %d", shard, seed).isLessThan(GAP);
        }
      }
      loop.resume();
    }
  }

  private static List<SimulatedMachine> others(SimulatedCluster cluster, SimulatedMachine one) {
    List<SimulatedMachine> others = new ArrayList<>(cluster.machines());
    others.remove(one);
    return others;
  }

  /** Whether it leads a group, or waits for one to be led again. */
  private static boolean hasOffices(SimulatedMachine machine) {
    return machine.engine() != null && !ledByOrStandingIn(machine).isEmpty();
  }

  private static boolean leads(SimulatedMachine machine) {
    return !ledBy(machine).isEmpty();
  }

  /** The groups that it leads or whose votes it has asked for: it may have them, unread. */
  private static Set<Integer> ledByOrStandingIn(SimulatedMachine machine) {
    Set<Integer> groups = ledBy(machine);
    for (Replica replica : Offices.replicas(machine)) {
      if (replica.leaderNodeId() == null) {
        groups.add(replica.group());
      }
    }
    return groups;
  }

  private static Set<Integer> ledBy(SimulatedMachine machine) {
    Set<Integer> led = new HashSet<>();
    for (Replica replica : Offices.replicas(machine)) {
      if (replica.isLeader()) {
        led.add(replica.group());
      }
    }
    return led;
  }

  /** Ready, and without snapshots, which take their time in the simulation's small steps. */
  private static SimulatedCluster calm(long seed) {
    Scenario scenario =
        Scenario.drawn(seed)
            .calm()
            .withNodes(3)
            .withShards(6)
            .withClients(0)
            .withSnapshots(64L << 20, 1 << 18);
    SimulatedCluster cluster = new SimulatedCluster(scenario);
    cluster.startAll();
    assertThat(cluster.runUntil(cluster::allReady, 60 * VirtualTime.SECOND)).isTrue();
    return cluster;
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
