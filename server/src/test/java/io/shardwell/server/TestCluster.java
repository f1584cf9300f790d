package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.server.client.LocalPorts;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;

/** A cluster of nodes in this JVM, on loopback, with data on disk. */
final class TestCluster implements AutoCloseable {

  static final String HOST = "127.0.0.1";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Path dir;
  private final int shards;
  private final List<@Nullable Node> nodes = new ArrayList<>();
  private final List<Integer> peerPorts;
  private final List<Integer> clusterPorts;

  TestCluster(Path dir, int count, int shards) throws NodeStartException, IOException {
    this(dir, count, count, shards);
  }

  /** With a cluster face on the first so many nodes only. */
  TestCluster(Path dir, int count, int faces, int shards) throws NodeStartException, IOException {
    this.dir = dir;
    this.shards = shards;
    List<Integer> free = LocalPorts.reserve(count + faces);
    this.peerPorts = free.subList(0, count);
    this.clusterPorts = free.subList(count, count + faces);
    for (int i = 0; i < count; i++) {
      nodes.add(null);
      start(i);
    }
    awaitAgreement();
  }

  void start(int i) throws NodeStartException {
    NodeConfig.Builder config =
        NodeConfig.builder("n" + (i + 1))
            .dir(dir.resolve("n" + (i + 1)))
            .port(0)
            .clusterPort(i < clusterPorts.size() ? clusterPorts.get(i) : NodeConfig.OFF)
            .shards(shards);
    for (int peer = 0; peer < peerPorts.size(); peer++) {
      config.node("n" + (peer + 1), HOST, peerPorts.get(peer));
    }
    nodes.set(i, Node.start(config.build()));
  }

  /** As if the process had been killed. */
  void kill(int i) {
    node(i).abandon();
    nodes.set(i, null);
  }

  Node node(int i) {
    Node node = nodes.get(i);
    assertThat(node).isNotNull();
    return Objects.requireNonNull(node);
  }

  HostAndPort clusterFace(int i) {
    return new HostAndPort(HOST, clusterPorts.get(i));
  }

  Set<HostAndPort> clusterFaces() {
    Set<HostAndPort> all = new HashSet<>();
    clusterPorts.forEach(port -> all.add(new HostAndPort(HOST, port)));
    return all;
  }

  /** A connection to one node's cluster face that follows no redirection. */
  Jedis direct(int i) {
    return new Jedis(
        clusterFace(i), redis.clients.jedis.DefaultJedisClientConfig.builder().build());
  }

  /** Until all living nodes tell clients the same, and every one with a face owns something. */
  void awaitAgreement() {
    await(
        () -> {
          Set<String> told = new HashSet<>();
          for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            if (node == null) {
              continue;
            }
            if (!node.status().ready()) {
              return false;
            }
            if (node.clusterPort() == NodeConfig.OFF) {
              continue;
            }
            try (Jedis jedis = direct(i)) {
              told.add(slots(jedis));
            }
          }
          return told.size() == 1 && !told.contains("");
        });
  }

  /** Who leads what, as a node tells it; empty unless every living node leads something. */
  private String slots(Jedis jedis) {
    StringBuilder owners = new StringBuilder();
    Set<Object> leaders = new HashSet<>();
    Object answer = jedis.sendCommand(Protocol.Command.CLUSTER, "SLOTS");
    for (Object entry : (List<?>) answer) {
      List<?> words = (List<?>) entry;
      Object port = ((List<?>) words.get(2)).get(1);
      leaders.add(port);
      owners.append(words.get(0)).append('=').append(port).append(' ');
    }
    long faces =
        nodes.stream().filter(node -> node != null && node.clusterPort() != NodeConfig.OFF).count();
    return leaders.size() == faces ? owners.toString() : "";
  }

  /** Looks every few milliseconds until it is so. */
  static void await(BooleanSupplier holds) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
      LockSupport.parkNanos(20_000_000L);
    }
  }

  @Override
  public void close() {
    for (Node node : nodes) {
      if (node != null) {
        node.abandon();
      }
    }
  }
}
