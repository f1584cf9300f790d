package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.shardwell.statemachine.Reply;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** Shows that an embedded node with a directory keeps its data over a stop, and its directory. */
class NodeRestartTest {

  private final Path dir;

  NodeRestartTest(@TempDir Path dir) {
    this.dir = dir;
  }

  private Node start() throws Exception {
    Node node = Node.start(NodeConfig.builder("n1").port(0).peerPort(0).dir(dir).shards(3).build());
    assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
    return node;
  }

  @Test
  void whatWasAnsweredIsThereAfterwards() throws Exception {
    for (int round = 1; round <= 3; round++) {
      try (Node node = start()) {
        List<CompletableFuture<Reply>> answers = new ArrayList<>();
        for (int key = 0; key < 500; key++) {
          answers.add(node.execute("INCR", "k" + key));
        }
        for (CompletableFuture<Reply> answer : answers) {
          assertThat(answer.join()).isEqualTo(Reply.integer(round));
        }
        assertThat(node.execute("DBSIZE").join()).isEqualTo(Reply.integer(500));
      }
    }
  }

  /** As a client of Redis stops its server: no answer but the end of the connection. */
  @Test
  void aClientsShutdownIsGraceful() throws Exception {
    try (Node node = start();
        Jedis jedis = new Jedis("127.0.0.1", node.port())) {
      assertThat(jedis.set("k", "v")).isEqualTo("OK");
      jedis.shutdown();
      node.stopped().get(60, TimeUnit.SECONDS);
    }
    try (Node node = start()) {
      assertThat(node.execute("GET", "k").join()).isEqualTo(Reply.Bulk.of("v"));
    }
  }

  /** Opened it would speak for members that are n1. */
  @Test
  void anotherNodesDirectoryIsRefusedAndLeftAlone() throws Exception {
    try (Node node = start()) {
      node.execute("SET", "k", "v").join();
    }
    assertRefused(dir, dir + " is the directory of node n1");
    try (Node node = start()) {
      assertThat(node.execute("GET", "k").join()).isEqualTo(Reply.Bulk.of("v"));
    }
  }

  @Test
  void whatCanBeNoDirectoryIsToldWithTheReason() throws Exception {
    Path file = Files.createFile(dir.resolve("file"));
    assertRefused(file, file + " is not a directory");
    assertRefused(file.resolve("below"), file.resolve("below") + " is not a directory");
    Path dangling = Files.createSymbolicLink(dir.resolve("dangling"), dir.resolve("absent/at/all"));
    assertRefused(dangling, dangling + " is not a directory");
  }

  private static void assertRefused(Path where, String why) {
    NodeConfig config = NodeConfig.builder("n2").port(0).peerPort(0).dir(where).shards(3).build();
    assertThatThrownBy(() -> Node.start(config))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining(why);
  }

  @Test
  void aDirectoryHasOneNode() throws Exception {
    try (Node node = start()) {
      assertThatThrownBy(this::start)
          .isInstanceOf(NodeStartException.class)
          .hasMessageContaining(dir.toString());
      assertThat(node.execute("PING").join()).isEqualTo(new Reply.Status("PONG"));
    }
  }
}
