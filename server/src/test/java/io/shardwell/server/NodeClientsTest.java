package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.SetArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.protocol.ProtocolVersion;
import io.shardwell.statemachine.Reply;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPooled;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;

/**
 * Shows that unmodified clients connect, agree on a protocol and get Redis's answers from one node
 * in memory: Jedis and Lettuce in both protocol versions, HTTP health, and the embedded API. With
 * the sockets on the node's loop and on others.
 */
@ParameterizedClass
@ValueSource(ints = {1, 3})
class NodeClientsTest {

  @SuppressWarnings("NullAway.Init") // Before the tests, by start().
  private static Node node;

  @Parameter int ioThreads;

  @BeforeParameterizedClassInvocation
  static void start(int ioThreads) throws Exception {
    node =
        Node.start(
            NodeConfig.builder("n1")
                .port(0)
                .peerPort(0)
                .httpPort(0)
                .textPort(0)
                .shards(4)
                .ioThreads(ioThreads)
                .build());
    assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    node.close();
  }

  @BeforeEach
  void flush() {
    assertThat(node.execute("FLUSHALL").join()).isEqualTo(Reply.OK);
  }

  @ParameterizedTest
  @EnumSource(RedisProtocol.class)
  void jedisDoesTheBasics(RedisProtocol protocol) {
    DefaultJedisClientConfig config =
        DefaultJedisClientConfig.builder().protocol(protocol).clientName("tests").build();
    try (JedisPooled jedis = new JedisPooled(new HostAndPort("127.0.0.1", node.port()), config)) {
      assertThat(jedis.set("a", "1")).isEqualTo("OK");
      assertThat(jedis.get("a")).isEqualTo("1");
      assertThat(jedis.get("none")).isNull();
      assertThat(jedis.set("a", "2", SetParams.setParams().nx())).isNull();
      assertThat(jedis.incr("a")).isEqualTo(2);
      assertThat(jedis.mset("x", "1", "y", "2", "z", "3")).isEqualTo("OK");
      assertThat(jedis.mget("x", "none", "z")).containsExactly("1", null, "3");
      assertThat(jedis.expire("x", 100)).isEqualTo(1);
      assertThat(jedis.ttl("x")).isBetween(1L, 100L);
      assertThat(jedis.dbSize()).isEqualTo(4);
      assertThat(jedis.keys("*")).containsExactlyInAnyOrder("a", "x", "y", "z");
      assertThat(jedis.del("x", "y", "none")).isEqualTo(2);
      assertThat(jedis.type("z")).isEqualTo("string");
      assertThatThrownBy(() -> jedis.set("z", "1", SetParams.setParams().ex(0)))
          .isInstanceOf(JedisDataException.class)
          .hasMessage("ERR invalid expire time in 'set' command");
      var scan = jedis.scan("0", new ScanParams().count(1000));
      List<String> found = new ArrayList<>(scan.getResult());
      while (!scan.isCompleteIteration()) {
        scan = jedis.scan(scan.getCursor(), new ScanParams().count(1000));
        found.addAll(scan.getResult());
      }
      assertThat(found).containsExactlyInAnyOrder("a", "z");
    }
  }

  @Test
  void aPipelineKeepsItsOrder() {
    try (Jedis jedis = new Jedis("127.0.0.1", node.port())) {
      Pipeline pipeline = jedis.pipelined();
      List<Response<Long>> counts = new ArrayList<>();
      List<Response<String>> values = new ArrayList<>();
      for (int i = 0; i < 20_000; i++) {
        counts.add(pipeline.incr("n"));
        values.add(pipeline.set("k" + i % 100, Integer.toString(i)));
        values.add(pipeline.get("k" + i % 100));
      }
      pipeline.sync();
      for (int i = 0; i < 20_000; i++) {
        assertThat(counts.get(i).get()).isEqualTo(i + 1);
        assertThat(values.get(2 * i + 1).get()).isEqualTo(Integer.toString(i));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void lettuceDoesTheBasics(ProtocolVersion version) {
    RedisClient client =
        RedisClient.create(RedisURI.builder().withHost("127.0.0.1").withPort(node.port()).build());
    client.setOptions(io.lettuce.core.ClientOptions.builder().protocolVersion(version).build());
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      RedisCommands<String, String> redis = connection.sync();
      assertThat(redis.ping()).isEqualTo("PONG");
      assertThat(redis.set("a", "", SetArgs.Builder.px(60_000))).isEqualTo("OK");
      assertThat(redis.get("a")).isEmpty();
      assertThat(redis.pttl("a")).isBetween(1L, 60_000L);
      assertThat(redis.setnx("a", "x")).isFalse();
      assertThat(redis.incrby("n", 5)).isEqualTo(5);
      assertThat(redis.mset(Map.of("x", "1", "y", "2"))).isEqualTo("OK");
      TreeSet<String> keys = new TreeSet<>();
      ScanCursor cursor = ScanCursor.INITIAL;
      do {
        var page = redis.scan(cursor, ScanArgs.Builder.limit(2));
        keys.addAll(page.getKeys());
        cursor = page;
      } while (!cursor.isFinished());
      assertThat(keys).containsExactly("a", "n", "x", "y");
      assertThat(redis.clientId()).isPositive();
      assertThat(redis.clientGetname()).isNull();
      assertThat(redis.info()).contains("redis_version:").contains("role:master");
      assertThat(redis.configGet("save", "appendonly"))
          .containsEntry("save", "")
          .containsEntry("appendonly", "no");
      assertThat(redis.configGet("io-threads"))
          .containsEntry("io-threads", Integer.toString(ioThreads));
      assertThat(redis.info("server")).contains("io_threads_active:" + (ioThreads > 1 ? 1 : 0));
      assertThat(redis.command()).isNotEmpty();
      assertThat(redis.commandCount()).isEqualTo(redis.command().size());
      assertThat(redis.time()).hasSize(2);
    } finally {
      client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    }
  }

  @Test
  void aLargeValueGoesThroughAndALargerOneIsRefused() {
    try (Jedis jedis = new Jedis("127.0.0.1", node.port(), 30_000)) {
      byte[] key = "big".getBytes(StandardCharsets.US_ASCII);
      byte[] value = new byte[(16 << 20) - 64];
      value[value.length - 1] = 3;
      assertThat(jedis.set(key, value)).isEqualTo("OK");
      assertThat(jedis.get(key)).isEqualTo(value);
      assertThatThrownBy(() -> jedis.set(new byte[40_000], new byte[1]))
          .isInstanceOf(JedisDataException.class)
          .hasMessageContaining("key exceeds maximum allowed size");
      assertThat(jedis.strlen("big")).isEqualTo(value.length);
    }
  }

  @Test
  void healthIsToldOverHttp() throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    for (String path : List.of("/livez", "/readyz", "/healthz?verbose")) {
      assertThat(status(client, path)).isEqualTo(200);
    }
    assertThat(status(client, "/secrets")).isEqualTo(404);
  }

  private static int status(HttpClient client, String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.httpPort() + path)).build();
    return client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
  }

  @Test
  void theEmbeddedApiAnswersAsASocketWould() {
    assertThat(node.execute("SET", "a", "1").join()).isEqualTo(Reply.OK);
    assertThat(node.execute("INCR", "a").join()).isEqualTo(Reply.integer(2));
    assertThat(node.execute("GET", "none").join()).isEqualTo(Reply.NIL);
    assertThat(node.execute("PING").join()).isEqualTo(new Reply.Status("PONG"));
    assertThat(node.execute("GET").join())
        .isEqualTo(new Reply.Failure("ERR wrong number of arguments for 'get' command"));
    assertThat(node.status().ready()).isTrue();
    assertThat(node.status().replicas()).hasSize(5);
    assertThat(((Reply.Bulk) node.execute("SHARDWELL", "STATUS").join()).toString())
        .contains("\"nodeId\":\"n1\"");
  }

  /** Once MULTI was answered OK and nothing queued; a queue would have been that of all callers. */
  @Test
  void theEmbeddedApiRefusesTransactions() {
    for (String command : List.of("MULTI", "exec", "DISCARD", "WATCH", "UNWATCH")) {
      assertThat(node.execute(command, "k").join())
          .isEqualTo(
              new Reply.Failure(
                  "ERR embedded callers share one connection: no transactions on it"));
    }
    assertThat(node.execute("SET", "k", "1").join()).isEqualTo(Reply.OK);
  }

  @Test
  void aStoppedNodeFailsItsCallersAndFreesItsPort() throws Exception {
    Node first = Node.start(NodeConfig.builder("n1").port(0).peerPort(0).shards(1).build());
    NodeConfig same = NodeConfig.builder("n1").port(first.port()).peerPort(0).shards(1).build();
    assertThatThrownBy(() -> Node.start(same))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("cannot listen on 127.0.0.1:" + first.port() + " (RESP)");
    first.close();
    first.close();
    assertThat(first.stopped()).isCompleted();
    assertThatThrownBy(first::status).isInstanceOf(IllegalStateException.class);
    assertThat(first.execute("PING")).isCompletedExceptionally();
    try (Node second = Node.start(same)) {
      assertThat(second.port()).isEqualTo(first.port());
    }
  }
}
