package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisCluster;
import redis.clients.jedis.Protocol;

/**
 * Shows that a running cluster client gets over the kill of a node and over the hand-over of
 * leaders when it comes back: keys of all shards stay writable, no acknowledged write is lost, and
 * no node ever tells of a slot without an owner.
 */
@Timeout(180)
class ClusterFaceFailoverTest {

  private static final int KEYS = 60;

  private final Path dir;

  ClusterFaceFailoverTest(@TempDir Path dir) {
    this.dir = dir;
  }

  /** Writes growing numbers to keys of all shards, and remembers what was acknowledged. */
  private static final class Writer implements AutoCloseable {
    private final Function<String[], String> set;
    private final AtomicIntegerArray acknowledged = new AtomicIntegerArray(KEYS);
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicInteger rounds = new AtomicInteger();
    private final AtomicBoolean stop = new AtomicBoolean();
    private final CompletableFuture<Void> done;

    Writer(Function<String[], String> set) {
      this.set = set;
      this.done = CompletableFuture.runAsync(this::run, task -> new Thread(task, "writer").start());
    }

    private void run() {
      for (int number = 1; !stop.get(); number++) {
        for (int key = 0; key < KEYS && !stop.get(); key++) {
          write(key, number);
        }
        rounds.incrementAndGet();
      }
    }

    private void write(int key, int number) {
      try {
        assertThat(set.apply(new String[] {"key" + key, Integer.toString(number)})).isEqualTo("OK");
        acknowledged.set(key, number);
      } catch (RuntimeException failed) {
        // A client's own patience may end while a node is down: counted, and judged by the test.
        failures.incrementAndGet();
      }
    }

    /** Until every key has been written again, without a failure, since now. */
    void awaitCleanRounds() {
      int[] seen = {rounds.get() + 1, failures.get()};
      TestCluster.await(
          () -> {
            if (failures.get() != seen[1]) {
              seen[0] = rounds.get() + 1;
              seen[1] = failures.get();
            }
            return rounds.get() > seen[0] + 1;
          });
    }

    @Override
    public void close() {
      stop.set(true);
      done.join();
    }
  }

  private void lifeGoesOn(TestCluster cluster, Writer writer, Function<String, String> get)
      throws Exception {
    writer.awaitCleanRounds();

    cluster.kill(2);
    writer.awaitCleanRounds();
    for (int i = 0; i < 2; i++) {
      try (Jedis node = cluster.direct(i)) {
        assertCovered(node);
      }
    }

    cluster.start(2);
    int before = writer.failures.get();
    cluster.awaitAgreement(); // All three lead again: shards were handed over under the writer.
    writer.awaitCleanRounds();
    assertThat(writer.failures.get() - before).as("failures at the hand-over").isZero();

    writer.close();
    for (int key = 0; key < KEYS; key++) {
      assertThat(Integer.parseInt(get.apply("key" + key)))
          .isGreaterThanOrEqualTo(writer.acknowledged.get(key));
    }
  }

  private static void assertCovered(Jedis node) {
    long next = 0;
    for (Object entry : (List<?>) node.sendCommand(Protocol.Command.CLUSTER, "SLOTS")) {
      List<?> words = (List<?>) entry;
      assertThat(words.get(0)).isEqualTo(next);
      assertThat(words.size()).isGreaterThanOrEqualTo(3);
      next = (Long) words.get(1) + 1;
    }
    assertThat(next).isEqualTo(16384);
  }

  @Test
  void jedisGetsOverAKillAndAHandOver() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, 6);
        JedisCluster jedis = new JedisCluster(cluster.clusterFaces());
        Writer writer = new Writer(words -> jedis.set(words[0], words[1]))) {
      lifeGoesOn(cluster, writer, jedis::get);
    }
  }

  @Test
  void lettuceGetsOverAKillAndAHandOver() throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 3, 6)) {
      List<RedisURI> seeds =
          cluster.clusterFaces().stream()
              .map((HostAndPort at) -> RedisURI.create(at.getHost(), at.getPort()))
              .toList();
      seeds.forEach(uri -> uri.setTimeout(Duration.ofSeconds(5)));
      RedisClusterClient client = RedisClusterClient.create(seeds);
      client.setOptions(
          ClusterClientOptions.builder()
              .topologyRefreshOptions(
                  ClusterTopologyRefreshOptions.builder()
                      .enableAllAdaptiveRefreshTriggers()
                      .adaptiveRefreshTriggersTimeout(Duration.ofMillis(200))
                      .enablePeriodicRefresh(Duration.ofSeconds(1))
                      .build())
              .build());
      try (StatefulRedisClusterConnection<String, String> connection = client.connect();
          Writer writer = new Writer(words -> connection.sync().set(words[0], words[1]))) {
        lifeGoesOn(cluster, writer, connection.sync()::get);
      } finally {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
      }
    }
  }
}
