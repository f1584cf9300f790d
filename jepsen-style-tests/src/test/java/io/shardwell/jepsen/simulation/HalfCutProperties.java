package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.cluster.MetaState;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/**
 * Shows that a leader which reaches only half of four voters makes way: the wires between it and
 * two of them are cut, the one that is left reaches everybody, and with the two it is a majority.
 * Through that one each shard serves again after an election, while the cut lasts: where nobody
 * writes, which is where MicroRaft's own look is satisfied with half, and where somebody does.
 */
class HalfCutProperties {
  /** The heartbeat timeouts of the leader and of the voter that believes in it, and an election. */
  private static final long LIMIT = 3 * VirtualTime.SECOND;

  /** Longer than a hand-over back to the preferred leader takes to come up. */
  private static final long CUT = 15 * VirtualTime.SECOND;

  @Property(tries = 3, shrinking = ShrinkingMode.OFF, seed = "9")
  void shardsThatNobodyWritesToAreReadAgain(@ForAll long seed) {
    servesAgain(seed, Command.GET);
  }

  /** What a write leaves in the acknowledgement gate would make the leader step down, too. */
  @Property(tries = 2, shrinking = ShrinkingMode.OFF, seed = "9")
  void shardsAreWrittenToAgain(@ForAll long seed) {
    servesAgain(seed, Command.INCR);
  }

  private static void servesAgain(long seed, Command command) {
    Scenario scenario = Scenario.drawn(seed).calm().withReplicas(4).withNodes(4).withShards(4);
    try (SimulatedCluster cluster = new SimulatedCluster(scenario)) {
      cluster.startAll();
      assertThat(cluster.runUntil(cluster::allReady, 60 * VirtualTime.SECOND)).isTrue();
      cluster.run(2 * VirtualTime.SECOND);
      List<SimulatedMachine> others = new ArrayList<>(cluster.machines());
      SimulatedMachine leader = others.remove(Math.floorMod(seed, 4));
      SimulatedMachine between = others.remove(0);
      assertThat(Offices.replicas(leader)).anyMatch(HalfCutProperties::leadsAShard);
      ShardGaps gaps = new ShardGaps(cluster, List.of(between), key -> Invocation.of(command, key));
      cluster.run(VirtualTime.SECOND);
      gaps.forget();
      for (SimulatedMachine each : others) {
        cluster.network().cut(leader.id(), each.id());
        cluster.network().cut(each.id(), leader.id());
      }
      cluster.run(CUT);
      assertThat(gaps.longest()).as(() -> "seed " + seed + cluster.describe()).isLessThan(LIMIT);
    }
  }

  private static boolean leadsAShard(Replica replica) {
    return replica.isEstablishedLeader() && replica.group() != MetaState.GROUP;
  }
}
