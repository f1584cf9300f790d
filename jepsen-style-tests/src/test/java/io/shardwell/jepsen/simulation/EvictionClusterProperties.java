package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.jepsen.checker.KeyCommand;
import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/**
 * Shows that clusters under all faults, whose memory setting is changed at random meanwhile, evict
 * alike: replicas' digests are compared after every turn at equal places, and once everything is
 * mended and a last setting is answered, every replica comes below its share, every node below the
 * budget, and stays there under load. What clients read is not judged here: any key may vanish.
 */
class EvictionClusterProperties {
  private static final long PATIENCE = 60 * VirtualTime.SECOND;
  private static final int KEYS = 120;
  private static final List<EvictionPolicy> POLICIES = List.of(EvictionPolicy.values());
  private static final long LAST_BUDGET = 12_000;

  @Property(tries = 5, shrinking = ShrinkingMode.OFF, seed = "3")
  void replicasEvictAlikeAndKeepTheLimit(@ForAll long seed) {
    Scenario scenario = Scenario.drawn(seed).withSeconds(8);
    try (SimulatedCluster cluster = new SimulatedCluster(scenario)) {
      cluster.startAll();
      expect(cluster, cluster.runUntil(cluster::allReady, PATIENCE), "first start");
      List<SimulatedClient> clients = clients(cluster);
      Chaos chaos = new Chaos(cluster);
      chaos.start();
      Random random = cluster.nextRandom();
      for (int i = 0; i < scenario.seconds(); i++) {
        EvictionPolicy policy = POLICIES.get(random.nextInt(POLICIES.size()));
        change(cluster, random, 5_000L + random.nextInt(15_000), policy, reply -> {});
        cluster.run(VirtualTime.SECOND);
      }
      chaos.stop();
      cluster.heal();
      expect(cluster, cluster.runUntil(cluster::allReady, PATIENCE), "ready after the faults");
      settle(cluster, random);
      expect(
          cluster,
          cluster.runUntil(() -> isWithinLimit(cluster), PATIENCE),
          "every replica below its share");
      boolean passed = cluster.runUntil(() -> !isWithinLimit(cluster), 3 * VirtualTime.SECOND);
      expect(cluster, !passed, "a replica passed its share");
      clients.forEach(SimulatedClient::finish);
      expect(cluster, cluster.runUntil(cluster::replicasAgree, PATIENCE), "replicas agree");
      assertThat(evicted(cluster)).as("seed %d", seed).isGreaterThan(0);
      for (SimulatedMachine machine : cluster.machines()) {
        Engine engine = machine.engine();
        long shown = engine == null ? -1 : engine.memory().bytes();
        assertThat(shown).as(machine.id()).isEqualTo(LAST_BUDGET);
      }
    }
  }

  private static List<SimulatedClient> clients(SimulatedCluster cluster) {
    List<SimulatedClient> clients = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Random random = cluster.nextRandom();
      SimulatedClient client =
          new SimulatedClient(
              cluster, cluster.history(), cluster.nextRandom(), 4, 10 * VirtualTime.MILLI);
      client.run(() -> request(random));
      clients.add(client);
    }
    return clients;
  }

  /** Most reads are of few keys, so that their recency matters. */
  private static Request request(Random random) {
    String key = "key" + random.nextInt(KEYS);
    String value = "v".repeat(random.nextInt(200));
    return switch (random.nextInt(8)) {
      case 0, 1 -> Request.one("key" + random.nextInt(KEYS / 6), new KeyCommand.Get());
      case 2 -> Request.multiGet(List.of("key1", "key2", key + "x"));
      case 3 -> Request.one(key, KeyCommand.setFor(value, 200 + random.nextInt(5_000)));
      case 4 -> Request.one(key, new KeyCommand.Append("more"));
      case 5 -> Request.one(key, new KeyCommand.Expire(1 + random.nextInt(5_000)));
      default -> Request.one(key, KeyCommand.set(value));
    };
  }

  private static void change(
      SimulatedCluster cluster,
      Random random,
      long budget,
      EvictionPolicy policy,
      Consumer<Reply> onReply) {
    SimulatedMachine machine = cluster.machines().get(random.nextInt(cluster.machines().size()));
    SimulatedProcess process = machine.process();
    if (process != null && process.isAlive() && process.engine() != null) {
      Engine engine = process.engine();
      process.execute(() -> engine.memoryChanges().change(budget, policy, onReply));
    }
  }

  /** Sets the last budget, by whatever node, until one says OK. */
  private static void settle(SimulatedCluster cluster, Random random) {
    boolean[] done = new boolean[1];
    for (int i = 0; i < 30 && !done[0]; i++) {
      change(
          cluster,
          random,
          LAST_BUDGET,
          EvictionPolicy.ALLKEYS_LRU,
          reply -> done[0] |= reply.equals(Reply.OK));
      boolean unused = cluster.runUntil(() -> done[0], 2 * VirtualTime.SECOND);
    }
    expect(cluster, done[0], "the last setting is answered");
  }

  private static boolean isWithinLimit(SimulatedCluster cluster) {
    for (SimulatedMachine machine : cluster.machines()) {
      Engine engine = machine.engine();
      if (engine == null) {
        return false;
      }
      long used = 0;
      for (NodeStatus.ReplicaStatus replica : engine.status().replicas()) {
        used += replica.logicalBytes();
        boolean isLimited = replica.memoryLimit() > 0;
        if (replica.shard() >= 0
            && (!isLimited || replica.logicalBytes() > replica.memoryLimit())) {
          return false;
        }
      }
      if (used > LAST_BUDGET) {
        return false;
      }
    }
    return true;
  }

  private static long evicted(SimulatedCluster cluster) {
    long evicted = 0;
    for (SimulatedMachine machine : cluster.machines()) {
      Engine engine = machine.engine();
      if (engine != null) {
        for (NodeStatus.ReplicaStatus replica : engine.status().replicas()) {
          evicted += replica.evictedKeys();
        }
      }
    }
    return evicted;
  }

  private static void expect(SimulatedCluster cluster, boolean holds, String what) {
    if (!holds) {
      throw cluster.failure(Check.LIVENESS, "not in time: " + what + cluster.describe(), null);
    }
  }
}
