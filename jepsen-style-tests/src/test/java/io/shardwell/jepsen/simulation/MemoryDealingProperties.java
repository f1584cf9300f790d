package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.IntFunction;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.jspecify.annotations.Nullable;

/**
 * Shows, on clusters of 16 shards with the real engines, that the budget of a node goes to the
 * shards that need it: keys are written at a steady pace until a write is refused for want of
 * memory, and by then nearly all of the budget is used. That the limits on a node never add up to
 * more than the budget is looked at after every turn ({@link MemoryCeilings}).
 */
class MemoryDealingProperties {
  private static final int SHARDS = 16;
  private static final long BUDGET = 1 << 20;
  private static final int VALUE_BYTES = 2_000;
  private static final long PATIENCE = 60 * VirtualTime.SECOND;

  /** A fiftieth of the budget each second. */
  private static final long PACE = 100 * VirtualTime.MILLI;

  @Property(tries = 1, shrinking = ShrinkingMode.OFF, seed = "3")
  void oneCrowdedShardGetsNearlyTheWholeBudget(@ForAll long seed) {
    try (Story story = new Story(scenario(seed, EnumSet.noneOf(Fault.class)))) {
      story.writeUntilRefused(i -> "{crowd}" + i);
      assertThat(story.used()).as("seed %d", seed).isGreaterThan(BUDGET / 100 * 94);
      story.expectSilence();
    }
  }

  @Property(tries = 1, shrinking = ShrinkingMode.OFF, seed = "4")
  void evenLoadIsDealtEvenly(@ForAll long seed) {
    try (Story story = new Story(scenario(seed, EnumSet.noneOf(Fault.class)))) {
      // Tags that count up would come in runs for the same shard.
      story.writeUntilRefused(i -> "{" + story.random.nextInt() + "}");
      assertThat(story.used()).as("seed %d", seed).isGreaterThan(BUDGET / 100 * 90);
      for (NodeStatus.ReplicaStatus replica : story.status(0).replicas()) {
        if (replica.shard() >= 0) {
          // Few keys each, so chance has a say.
          assertThat(replica.memoryLimit() * SHARDS)
              .as("shard %d, seed %d", replica.shard(), seed)
              .isBetween(BUDGET / 2, BUDGET * 2);
        }
      }
    }
  }

  /** Nothing is promised while nodes are away, but for the sum; afterwards all is as before. */
  @Property(tries = 1, shrinking = ShrinkingMode.OFF, seed = "5")
  void faultsOnlyDelayTheDealing(@ForAll long seed) {
    try (Story story = new Story(scenario(seed, Fault.single()))) {
      Chaos chaos = new Chaos(story.cluster);
      chaos.start();
      for (int i = 0; i < 100; i++) {
        Reply unused = story.write("{crowd}early" + i);
      }
      chaos.stop();
      story.cluster.heal();
      story.expectReady("after the faults");
      story.cluster.run(5 * VirtualTime.SECOND);
      story.writeUntilRefused(i -> "{crowd}" + i);
      assertThat(story.used()).as("seed %d", seed).isGreaterThan(BUDGET / 100 * 94);
      story.expectSilence();
    }
  }

  private static Scenario scenario(long seed, Set<Fault> faults) {
    return new Scenario(
        seed,
        3,
        SHARDS,
        3,
        1,
        1,
        1,
        0,
        256 << 10,
        200_000,
        2_000,
        faults,
        Set.of(),
        Scenario.BUILD_ORDER,
        false,
        false,
        null);
  }

  private static final class Story implements AutoCloseable {
    final SimulatedCluster cluster;
    final Random random;

    Story(Scenario scenario) {
      cluster = new SimulatedCluster(scenario);
      random = cluster.nextRandom();
      cluster.startAll();
      expectReady("first start");
      Reply[] reply = new Reply[1];
      engine(0)
          .memoryChanges()
          .change(BUDGET, EvictionPolicy.NOEVICTION, answer -> reply[0] = answer);
      expect(cluster.runUntil(() -> reply[0] != null, PATIENCE), "the budget is set");
      assertThat(reply[0]).isEqualTo(Reply.OK);
      cluster.run(VirtualTime.SECOND);
    }

    private Engine engine(int machine) {
      return Objects.requireNonNull(cluster.machines().get(machine).engine());
    }

    NodeStatus status(int machine) {
      return engine(machine).status();
    }

    /** The reply, or null if none came in a few seconds. */
    @Nullable Reply write(String key) {
      cluster.run(PACE);
      SimulatedMachine machine = cluster.machines().get(random.nextInt(3));
      SimulatedProcess process = machine.process();
      if (process == null || !process.isAlive() || process.engine() == null) {
        return null;
      }
      Engine engine = process.engine();
      Reply[] reply = new Reply[1];
      Invocation set =
          Invocation.of(Command.SET, key.getBytes(StandardCharsets.UTF_8), new byte[VALUE_BYTES]);
      process.execute(() -> engine.openSession().submit(set, answer -> reply[0] = answer));
      boolean unused = cluster.runUntil(() -> reply[0] != null, 3 * VirtualTime.SECOND);
      return reply[0];
    }

    void writeUntilRefused(IntFunction<String> keys) {
      for (int i = 0; i < 2 * BUDGET / VALUE_BYTES; i++) {
        Reply reply = write(keys.apply(i));
        if (reply instanceof Reply.Failure failure && failure.text().startsWith("OOM")) {
          return;
        }
      }
      throw new AssertionError("never refused");
    }

    /** As it counts against the budget, on the node with the most. */
    long used() {
      long most = 0;
      for (int i = 0; i < 3; i++) {
        long used =
            status(i).replicas().stream().mapToLong(NodeStatus.ReplicaStatus::logicalBytes).sum();
        most = Math.max(most, used);
      }
      return most;
    }

    /** Once nothing is written, no log grows: neither the shards' nor that of `meta`. */
    void expectSilence() {
      // A shard that has not grown for ten seconds may be dealt with once more.
      cluster.run(15 * VirtualTime.SECOND);
      String before = positions();
      cluster.run(8 * VirtualTime.SECOND);
      assertThat(positions()).isEqualTo(before);
    }

    private String positions() {
      StringBuilder text = new StringBuilder();
      for (NodeStatus.ReplicaStatus replica : status(0).replicas()) {
        text.append(replica.shard()).append(' ').append(replica.lastLogIndex()).append('\n');
      }
      return text.toString();
    }

    void expectReady(String what) {
      expect(cluster.runUntil(cluster::allReady, PATIENCE), what);
    }

    private void expect(boolean holds, String what) {
      if (!holds) {
        throw cluster.failure(Check.LIVENESS, "not so: " + what + cluster.describe(), null);
      }
    }

    @Override
    public void close() {
      cluster.close();
    }
  }
}
