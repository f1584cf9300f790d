package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.storage.MemoryDisk;
import java.util.EnumSet;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/**
 * Shows that a node which lost its data is taken in again as a full member (decision 0017), that
 * nothing acknowledged is lost by it, and that neither an old directory nor a second loss makes the
 * cluster forget: on simulated machines, under load.
 */
class ReadmissionProperties {
  private static final long PATIENCE = 60 * VirtualTime.SECOND;

  @Property(tries = 4, shrinking = ShrinkingMode.OFF, seed = "17")
  void disksAreLostAmongOtherFaults(@ForAll long seed) {
    Run.Summary summary =
        Run.of(
            Scenario.drawn(seed)
                .withFaults(
                    EnumSet.of(Fault.LOST_DISK, Fault.KILL, Fault.RESTART, Fault.ONE_WAY_CUT))
                .withSeconds(25));
    assertThat(summary.faults().totals()).containsKey(Fault.LOST_DISK);
  }

  /**
   * The one that is left of the old members starts with the map its own log holds, which is older
   * than the replacement. It must hear the new member all the same, or the two elect nobody.
   */
  @Property(tries = 3, shrinking = ShrinkingMode.OFF, seed = "18")
  void aRestartedNodeAndTheOneTakenInCanDoWithoutTheThird(@ForAll long seed) {
    try (SimulatedCluster cluster = loaded(seed)) {
      SimulatedMachine n1 = cluster.machines().get(0);
      SimulatedMachine n2 = cluster.machines().get(1);
      SimulatedMachine n3 = cluster.machines().get(2);
      replaced(cluster, n3);
      n1.crash(true);
      n2.crash(true);
      n3.crash(true);
      n1.start();
      n3.start();
      expect(cluster, () -> isReady(n1) && isReady(n3), "n1 and n3 alone");
      n2.start();
      expect(cluster, cluster::allReady, "all");
      expect(cluster, cluster::replicasAgree, "all agree");
    }
  }

  @Property(tries = 3, shrinking = ShrinkingMode.OFF, seed = "19")
  void anOldDirectoryPutBackTakesNoPart(@ForAll long seed) {
    try (SimulatedCluster cluster = loaded(seed)) {
      SimulatedMachine n3 = cluster.machines().get(2);
      n3.crash(true);
      MemoryDisk old = n3.pullDisk();
      n3.start();
      expect(cluster, cluster::allReady, "before the loss");
      replaced(cluster, n3);
      n3.crash(true);
      MemoryDisk current = n3.pullDisk();
      n3.putDisk(old);
      n3.start();
      expect(cluster, () -> reason(n3).contains("was replaced"), "the old directory is refused");
      cluster.run(5 * VirtualTime.SECOND);
      assertThat(isReady(cluster.machines().get(0))).as("the others go on").isTrue();
      for (NodeStatus.ReplicaStatus replica : status(n3).replicas()) {
        assertThat(replica.role()).isNotEqualTo("leader");
      }
      n3.crash(true);
      n3.putDisk(current);
      n3.start();
      expect(cluster, cluster::allReady, "with the current directory");
      expect(cluster, cluster::replicasAgree, "all agree");
    }
  }

  @Property(tries = 3, shrinking = ShrinkingMode.OFF, seed = "20")
  void whoLosesTheDiskAgainWhileItFetchesIsTakenInAgain(@ForAll long seed) {
    try (SimulatedCluster cluster = loaded(seed)) {
      SimulatedMachine n3 = cluster.machines().get(2);
      for (int i = 0; i < 5; i++) {
        n3.loseDisk();
        n3.start();
        cluster.run(cluster.nextRandom().nextLong(VirtualTime.SECOND));
      }
      expect(cluster, () -> cluster.allReady() && cluster.hasAllVoters(), "the last one is in");
      expect(cluster, cluster::replicasAgree, "all agree");
    }
  }

  /** More than a cluster of three can bear: it must stand still, and begin no empty one. */
  @Property(tries = 2, shrinking = ShrinkingMode.OFF, seed = "21")
  void whoIsLeftAloneIsNotOutvotedByTheEmpty(@ForAll long seed) {
    try (SimulatedCluster cluster = loaded(seed)) {
      SimulatedMachine n1 = cluster.machines().get(0);
      for (SimulatedMachine lost : cluster.machines().subList(1, 3)) {
        lost.loseDisk();
        lost.start();
      }
      cluster.run(20 * VirtualTime.SECOND);
      for (SimulatedMachine lost : cluster.machines().subList(1, 3)) {
        assertThat(reason(lost)).contains("waiting to be taken in");
        assertThat(status(lost).replicas()).isEmpty();
      }
      assertThat(isReady(n1)).isFalse();
      n1.crash(true);
      cluster.run(20 * VirtualTime.SECOND);
      for (SimulatedMachine lost : cluster.machines().subList(1, 3)) {
        assertThat(status(lost).replicas()).isEmpty();
      }
    }
  }

  private static SimulatedCluster loaded(long seed) {
    Scenario scenario = Scenario.drawn(seed).calm().withNodes(3).withShards(3).withClients(4);
    SimulatedCluster cluster = new SimulatedCluster(scenario);
    cluster.startAll();
    expect(cluster, cluster::allReady, "first start");
    Workload workload = new Workload(cluster.nextRandom(), scenario.keysOfEachKind());
    for (int i = 0; i < scenario.clients(); i++) {
      new SimulatedClient(
              cluster, cluster.history(), cluster.nextRandom(), 4, 20 * VirtualTime.MILLI)
          .run(workload::next);
    }
    cluster.run(2 * VirtualTime.SECOND);
    return cluster;
  }

  private static void replaced(SimulatedCluster cluster, SimulatedMachine machine) {
    machine.loseDisk();
    machine.start();
    expect(cluster, () -> cluster.allReady() && cluster.hasAllVoters(), "taken in again");
  }

  private static void expect(SimulatedCluster cluster, BooleanSupplier condition, String what) {
    assertThat(cluster.runUntil(condition, PATIENCE))
        .as(() -> what + ", seed " + cluster.scenario().seed() + cluster.describe())
        .isTrue();
  }

  private static boolean isReady(SimulatedMachine machine) {
    Engine engine = machine.engine();
    return engine != null && engine.isReady();
  }

  private static NodeStatus status(SimulatedMachine machine) {
    return Objects.requireNonNull(machine.engine()).status();
  }

  private static String reason(SimulatedMachine machine) {
    Engine engine = machine.engine();
    return engine == null ? "" : engine.status().notReadyReason();
  }
}
