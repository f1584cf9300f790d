package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.statemachine.ShardState;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;

/**
 * Shows that a replica whose state differs from the others' halts its node, and only that one, by
 * changing one field of one replica behind its back.
 */
class DivergenceTest {
  @Test
  void theReplicaThatDiffersHaltsItsNodeAndNoOther(@TempDir Path dir) throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, 3)) {
      int follower = 0;
      while (leads(cluster.node(follower))) {
        follower++;
      }
      int wrong = follower;
      write(cluster, (wrong + 1) % 3, 900);
      for (int i = 0; i < 3; i++) {
        assertThat(cluster.node(i).stopped()).isNotDone();
      }
      spoil(cluster.node(wrong));
      TestCluster.await(
          () -> {
            write(cluster, (wrong + 1) % 3, 500);
            return cluster.node(wrong).stopped().isDone();
          });
      write(cluster, (wrong + 1) % 3, 900);
      for (int i = 0; i < 3; i++) {
        assertThat(cluster.node(i).stopped().isDone()).as("node %d", i).isEqualTo(i == wrong);
      }
    }
  }

  private static boolean leads(Node node) {
    return node.status().replicas().stream()
        .filter(replica -> replica.shard() == 0)
        .map(NodeStatus.ReplicaStatus::role)
        .anyMatch("leader"::equals);
  }

  /** One log entry each, a third of them in shard 0. */
  private static void write(TestCluster cluster, int at, int times) {
    try (Jedis jedis = new Jedis(new HostAndPort(TestCluster.HOST, cluster.node(at).port()))) {
      for (int i = 0; i < times; i++) {
        jedis.set("k" + i % 50, "v" + i);
      }
    }
  }

  /** The state now says that one more key was evicted. */
  private static void spoil(Node node) throws Exception {
    Object running = get(Node.class, "running", node);
    Engine engine = (Engine) get(running.getClass(), "engine", running);
    Object replicas = get(Engine.class, "replicas", engine);
    Map<?, ?> groups = (Map<?, ?>) get(replicas.getClass(), "groups", replicas);
    ShardGroup group = (ShardGroup) Objects.requireNonNull(groups.get(0));
    Object keys = get(ShardState.class, "keys", group.state().shard());
    Object eviction = get(keys.getClass(), "eviction", keys);
    Field evicted = eviction.getClass().getDeclaredField("evicted");
    evicted.setAccessible(true);
    CompletableFuture<Void> done = new CompletableFuture<>();
    NettyEventLoop loop = (NettyEventLoop) get(Node.class, "loop", node);
    loop.execute(
        () -> {
          try {
            evicted.setLong(eviction, evicted.getLong(eviction) + 1);
            done.complete(null);
          } catch (IllegalAccessException impossible) {
            done.completeExceptionally(impossible);
          }
        });
    done.get();
  }

  private static Object get(Class<?> owner, String field, Object of) throws Exception {
    Field found = owner.getDeclaredField(field);
    found.setAccessible(true);
    return Objects.requireNonNull(found.get(of));
  }
}
