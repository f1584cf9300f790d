package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;

/**
 * Shows, on a node with two shards and a directory, that the memory limit it is started with and
 * the one it is given later reach the shards, hold there, and survive a restart.
 */
class NodeMemoryTest {
  private static final Reply OOM =
      new Reply.Failure("OOM command not allowed when used memory > 'maxmemory'.");

  private final Path dir;

  NodeMemoryTest(@TempDir Path dir) {
    this.dir = dir;
  }

  private Node start(long maxMemory, EvictionPolicy policy) throws Exception {
    Node node =
        Node.start(
            NodeConfig.builder("n1")
                .port(0)
                .peerPort(0)
                .dir(dir)
                .shards(2)
                .maxMemory(maxMemory)
                .maxMemoryPolicy(policy)
                .build());
    assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
    return node;
  }

  private static String text(Reply reply) {
    if (reply instanceof Reply.Bulk bulk) {
      return new String(bulk.value(), StandardCharsets.UTF_8);
    }
    return reply instanceof Reply.Array array
        ? array.items().stream().map(NodeMemoryTest::text).toList().toString()
        : reply.toString();
  }

  private static long used(Node node) {
    return node.status().replicas().stream()
        .mapToLong(NodeStatus.ReplicaStatus::logicalBytes)
        .sum();
  }

  private static long evicted(Node node) {
    return node.status().replicas().stream().mapToLong(NodeStatus.ReplicaStatus::evictedKeys).sum();
  }

  /** The limit arrives by a log entry of its own, some moments later. */
  private static void writeUntilRefused(Node node) {
    for (int i = 0; i < 1_000_000; i++) {
      if (node.execute("SET", "full" + i, "v").join().equals(OOM)) {
        return;
      }
    }
    throw new AssertionError("never refused");
  }

  /** As Redis has it: refused when queued, or all of it when executed; never in part. */
  @Test
  void aTransactionThatNeedsRoomIsRefusedWhole() throws Exception {
    try (Node node = start(0, EvictionPolicy.NOEVICTION);
        Jedis one = new Jedis("127.0.0.1", node.port());
        Jedis other = new Jedis("127.0.0.1", node.port())) {
      one.set("{k}", "v");
      one.sendCommand(Protocol.Command.MULTI);
      one.sendCommand(Protocol.Command.GET, "{k}");
      other.configSet("maxmemory", "1");
      assertThat((List<?>) one.sendCommand(Protocol.Command.EXEC)).hasSize(1);

      one.sendCommand(Protocol.Command.MULTI);
      assertThatThrownBy(() -> one.sendCommand(Protocol.Command.SET, "{k}", "w"))
          .hasMessageStartingWith("OOM command not allowed");
      assertThatThrownBy(() -> one.sendCommand(Protocol.Command.EXEC))
          .hasMessageStartingWith("EXECABORT Transaction discarded because of previous errors");

      other.configSet("maxmemory", "0");
      one.sendCommand(Protocol.Command.MULTI);
      one.sendCommand(Protocol.Command.DEL, "{k}");
      one.sendCommand(Protocol.Command.SET, "{k}", "w");
      other.configSet("maxmemory", "1");
      assertThatThrownBy(() -> one.sendCommand(Protocol.Command.EXEC))
          .hasMessageStartingWith("EXECABORT Transaction discarded because of: OOM");
      assertThat(one.get("{k}")).isEqualTo("v");
    }
  }

  @Test
  void theLimitReachesTheShardsHoldsAndSurvives() throws Exception {
    String atFirst = "[maxmemory, 20000, maxmemory-policy, noeviction]";
    String afterwards = "[maxmemory, 10000, maxmemory-policy, allkeys-lru]";
    try (Node node = start(20_000, EvictionPolicy.NOEVICTION)) {
      writeUntilRefused(node);
      assertThat(text(node.execute("CONFIG", "GET", "maxmemory*").join())).isEqualTo(atFirst);
      assertThat(node.execute("EXPIRE", "full0", "1000").join()).isEqualTo(Reply.ONE);
      assertThat(node.execute("DEL", "full0").join()).isEqualTo(Reply.ONE);
      assertThat(
              node.execute("CONFIG", "SET", "maxmemory", "10000", "maxmemory-policy", "allkeys-lru")
                  .join())
          .isEqualTo(Reply.OK);
      assertThat(text(node.execute("CONFIG", "GET", "maxmemory*").join())).isEqualTo(afterwards);
      for (int i = 0; used(node) > 10_000; i++) {
        assertThat(i).as("entries until the lowered limit is reached").isLessThan(1_000_000);
        Reply unused = node.execute("SET", "more" + i, "v").join();
      }
      for (int i = 0; i < 500; i++) {
        assertThat(node.execute("SET", "then" + i, "v").join()).isEqualTo(Reply.OK);
        assertThat(used(node)).isLessThanOrEqualTo(10_000);
      }
      assertThat(evicted(node)).isGreaterThan(500);
      assertThat(text(node.execute("GET", "then499").join())).isEqualTo("v");
    }
    // What it is started with is of no effect now.
    try (Node node = start(77_777, EvictionPolicy.VOLATILE_LRU)) {
      long evictedBefore = evicted(node);
      for (int i = 0; i < 200; i++) {
        assertThat(node.execute("SET", "again" + i, "v").join()).isEqualTo(Reply.OK);
        assertThat(used(node)).isLessThanOrEqualTo(10_000);
      }
      assertThat(evicted(node)).isGreaterThan(evictedBefore);
      assertThat(text(node.execute("CONFIG", "GET", "maxmemory*").join())).isEqualTo(afterwards);
    }
  }
}
