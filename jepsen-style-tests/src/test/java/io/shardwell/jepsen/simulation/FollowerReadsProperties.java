package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.reads.FollowerReads;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/**
 * Shows that what READONLY clients read from any node is never older than the bound, under all
 * faults: counters are counted up through random nodes, read as a follower by random nodes, and a
 * value must be at least what anybody had been answered one bound before, in the simulation's own
 * time. Nodes are stopped, cut off, crashed and given empty disks meanwhile; afterwards every node
 * serves again.
 */
class FollowerReadsProperties {
  private static final int KEYS = 4;
  private static final long PATIENCE = 60 * VirtualTime.SECOND;

  /** Clocks may run a little slow. */
  private static final long BOUND =
      FollowerReads.MAX_STALENESS_MILLIS * VirtualTime.MILLI * 101 / 100;

  /** What happened in one run. */
  private static final class Counters {
    /** By key: when a value was first answered to a writer. */
    final Map<Integer, TreeMap<Long, Long>> answered = new TreeMap<>();

    int served;

    void answered(int key, long now, long value) {
      TreeMap<Long, Long> values = answered.computeIfAbsent(key, unused -> new TreeMap<>());
      values.merge(now, Math.max(value, answeredBy(key, now)), Math::max);
    }

    long answeredBy(int key, long time) {
      TreeMap<Long, Long> values = answered.get(key);
      Map.Entry<Long, Long> last = values == null ? null : values.floorEntry(time);
      return last == null ? 0 : last.getValue();
    }

    /** For how long somebody had been answered more than this. */
    long ageOf(int key, long value, long now) {
      TreeMap<Long, Long> values = answered.getOrDefault(key, new TreeMap<>());
      for (Map.Entry<Long, Long> each : values.entrySet()) {
        if (each.getValue() > value) {
          return now - each.getKey();
        }
      }
      return 0;
    }
  }

  @Property(tries = 4, shrinking = ShrinkingMode.OFF, seed = "11")
  void followersAreNeverFurtherBehindThanTheBound(@ForAll long seed) {
    Scenario scenario = Scenario.drawn(seed).withSeconds(8);
    try (SimulatedCluster cluster = new SimulatedCluster(scenario)) {
      cluster.startAll();
      assertThat(cluster.runUntil(cluster::allReady, PATIENCE)).as("first start").isTrue();
      Counters counters = new Counters();
      Random random = cluster.nextRandom();
      Chaos chaos = new Chaos(cluster);
      chaos.start();
      long end = cluster.time().now() + scenario.seconds() * VirtualTime.SECOND;
      while (cluster.time().now() < end) {
        act(cluster, counters, random);
        cluster.run(random.nextLong(5 * VirtualTime.MILLI));
      }
      chaos.stop();
      cluster.heal();
      assertThat(cluster.runUntil(cluster::allReady, PATIENCE)).as("ready again").isTrue();
      assertThat(counters.served).as("reads served under faults, seed %d", seed).isGreaterThan(50);
      for (SimulatedMachine machine : cluster.machines()) {
        int before = counters.served;
        assertThat(
                cluster.runUntil(
                    () -> {
                      for (int key = 0; key < KEYS; key++) {
                        read(cluster, counters, machine, key);
                      }
                      return counters.served > before;
                    },
                    PATIENCE))
            .as("%s serves again", machine.id())
            .isTrue();
      }
    }
  }

  private static void act(SimulatedCluster cluster, Counters counters, Random random) {
    SimulatedMachine machine = cluster.machines().get(random.nextInt(cluster.machines().size()));
    int key = random.nextInt(KEYS);
    SimulatedProcess process = machine.process();
    Engine engine = machine.engine();
    if (process == null || engine == null) {
      return;
    }
    if (random.nextInt(3) == 0) {
      process.execute(
          () ->
              engine
                  .openSession()
                  .submit(
                      Invocation.of(Command.INCR, key(key)),
                      reply -> {
                        if (reply instanceof Reply.Int value) {
                          counters.answered(key, cluster.time().now(), value.value());
                        }
                      }));
    } else {
      read(cluster, counters, machine, key);
    }
  }

  private static void read(
      SimulatedCluster cluster, Counters counters, SimulatedMachine machine, int key) {
    SimulatedProcess process = machine.process();
    Engine engine = machine.engine();
    if (process == null || engine == null) {
      return;
    }
    process.execute(
        () ->
            engine
                .followerReads()
                .read(
                    Invocation.of(Command.GET, key(key)),
                    reply -> {
                      if (reply != null) {
                        judge(cluster, counters, machine, key, reply);
                      }
                    }));
  }

  private static void judge(
      SimulatedCluster cluster, Counters counters, SimulatedMachine machine, int key, Reply reply) {
    long now = cluster.time().now();
    long value =
        reply instanceof Reply.Bulk bulk
            ? Long.parseLong(new String(bulk.value(), StandardCharsets.US_ASCII))
            : 0;
    long age = counters.ageOf(key, value, now);
    counters.served++;
    if (age > BOUND) {
      throw cluster.failure(
          Check.HISTORY,
          machine.id() + " served " + value + " of a counter, " + age / 1e6 + " ms too late",
          null);
    }
  }

  private static byte[] key(int key) {
    return ("counter" + key).getBytes(StandardCharsets.US_ASCII);
  }
}
