package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.ReadFrom;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.sync.RedisAdvancedClusterCommands;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.protocol.ProtocolVersion;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Slots;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.ClusterCommandObjects;
import redis.clients.jedis.ClusterPipeline;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisCluster;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisMovedDataException;
import redis.clients.jedis.params.ScanParams;

/**
 * Shows that unmodified cluster clients work with three nodes through the cluster face:
 * JedisCluster and Lettuce's RedisClusterClient, in both protocol versions, over keys of all slots.
 */
class ClusterFaceTest {

  private static final int KEYS = 300;
  private static final int SHARDS = 6;

  private static TestCluster cluster;

  @BeforeAll
  static void start(@TempDir Path dir) throws Exception {
    cluster = new TestCluster(dir, 3, SHARDS);
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @BeforeEach
  void flush() {
    cluster.awaitAgreement();
    assertThat(cluster.node(0).execute("FLUSHALL").join()).isEqualTo(Reply.OK);
  }

  private static Set<String> fill() {
    Set<String> keys = new TreeSet<>();
    for (int i = 0; i < KEYS; i++) {
      keys.add("key" + i);
      assertThat(cluster.node(0).execute("SET", "key" + i, "value" + i).join()).isEqualTo(Reply.OK);
    }
    return keys;
  }

  @ParameterizedTest
  @EnumSource(RedisProtocol.class)
  void jedisFindsEveryKey(RedisProtocol protocol) {
    DefaultJedisClientConfig config = DefaultJedisClientConfig.builder().protocol(protocol).build();
    try (JedisCluster jedis = new JedisCluster(cluster.clusterFaces(), config)) {
      assertThat(jedis.getClusterNodes()).hasSize(3);
      for (int i = 0; i < KEYS; i++) {
        assertThat(jedis.set("key" + i, "value" + i)).isEqualTo("OK");
      }
      for (int i = 0; i < KEYS; i++) {
        assertThat(jedis.get("key" + i)).isEqualTo("value" + i);
      }
      TestCluster.await(() -> sizeOfAll(jedis) == KEYS);
      assertThat(jedis.mset("{t}a", "1", "{t}b", "2")).isEqualTo("OK");
      assertThat(jedis.mget("{t}a", "{t}b", "{t}c")).containsExactly("1", "2", null);
      assertThat(jedis.del("{t}a", "{t}b", "{t}c")).isEqualTo(2);
      try (ClusterPipeline pipeline = jedis.pipelined()) {
        List<Response<Long>> counts = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) {
          counts.add(pipeline.incr("count" + i % 50));
        }
        pipeline.sync();
        for (int i = 0; i < KEYS; i++) {
          assertThat(counts.get(i).get()).isEqualTo(i / 50 + 1);
        }
      }
      assertThat(jedis.flushAll()).isEqualTo("OK");
      TestCluster.await(() -> sizeOfAll(jedis) == 0);
    }
  }

  private static long sizeOfAll(JedisCluster jedis) {
    long size = 0;
    for (ConnectionPool pool : jedis.getClusterNodes().values()) {
      try (Jedis node = new Jedis(pool.getResource())) {
        size += node.dbSize();
      }
    }
    return size;
  }

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void lettuceFindsEveryKey(ProtocolVersion version) throws Exception {
    HostAndPort seed = cluster.clusterFace(1);
    RedisClusterClient client =
        RedisClusterClient.create(RedisURI.create(seed.getHost(), seed.getPort()));
    client.setOptions(ClusterClientOptions.builder().protocolVersion(version).build());
    try (StatefulRedisClusterConnection<String, String> connection = client.connect()) {
      RedisAdvancedClusterCommands<String, String> redis = connection.sync();
      assertThat(connection.getPartitions()).hasSize(3);
      assertThat(connection.getPartitions().stream().mapToInt(n -> n.getSlots().size()).sum())
          .isEqualTo(Slots.COUNT);
      List<RedisFuture<String>> written = new ArrayList<>();
      for (int i = 0; i < KEYS; i++) {
        written.add(connection.async().set("key" + i, "value" + i));
      }
      for (RedisFuture<String> each : written) {
        assertThat(each.get()).isEqualTo("OK");
      }
      Map<String, String> more = new HashMap<>();
      Set<String> keys = new TreeSet<>();
      for (int i = 0; i < KEYS; i++) {
        keys.add("key" + i);
        more.put("more" + i, "x" + i);
      }
      assertThat(redis.mset(more)).isEqualTo("OK");
      assertThat(redis.mget(keys.toArray(String[]::new))).allMatch(value -> value.hasValue());
      // Sums are exact only while no leader moves, as one may on a machine that stands still a
      // while.
      TestCluster.await(() -> redis.dbsize() == 2L * KEYS);
      assertThat(redis.del(more.keySet().toArray(String[]::new))).isEqualTo(KEYS);
      TestCluster.await(() -> redis.keys("key*").size() == KEYS);
      assertThat(redis.keys("key*")).containsAll(keys);
      Set<String> scanned = new TreeSet<>();
      KeyScanCursor<String> cursor = redis.scan(ScanArgs.Builder.limit(50));
      scanned.addAll(cursor.getKeys());
      while (!cursor.isFinished()) {
        cursor = redis.scan(cursor, ScanArgs.Builder.limit(50));
        scanned.addAll(cursor.getKeys());
      }
      assertThat(scanned).isEqualTo(keys);
      assertThat(keys).contains(redis.randomkey());
      assertThat(redis.clusterInfo()).contains("cluster_state:ok").contains("cluster_size:3");
      for (RedisClusterNode node : connection.getPartitions()) {
        assertThat(node.getNodeId()).matches("[0-9a-f]{40}");
        assertThat(node.is(RedisClusterNode.NodeFlag.UPSTREAM)).isTrue();
      }
      // It goes by CLUSTER NODES, where there are no replicas.
      connection.setReadFrom(ReadFrom.REPLICA_PREFERRED);
      assertThat(redis.get("key1")).isEqualTo("value1");
      connection.setReadFrom(ReadFrom.REPLICA);
      assertThatThrownBy(() -> redis.get("key1")).isInstanceOf(RedisException.class);
      connection.setReadFrom(ReadFrom.UPSTREAM);
      assertThat(redis.flushall()).isEqualTo("OK");
      TestCluster.await(() -> redis.dbsize() == 0);
    } finally {
      client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    }
  }

  @Test
  void whatNodesAnswerAddsUp() {
    Set<String> keys = fill();
    long size = 0;
    List<String> scanned = new ArrayList<>();
    List<String> matched = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      try (Jedis node = cluster.direct(i)) {
        size += node.dbSize();
        matched.addAll(node.keys("key*"));
        var page = node.scan("0", new ScanParams().count(40));
        scanned.addAll(page.getResult());
        while (!page.isCompleteIteration()) {
          page = node.scan(page.getCursor(), new ScanParams().count(40));
          scanned.addAll(page.getResult());
        }
        String info = node.info();
        assertThat(info).contains("redis_mode:cluster").contains("cluster_enabled:1");
      }
    }
    assertThat(size).isEqualTo(KEYS);
    assertThat(matched).hasSize(KEYS).containsAll(keys);
    // A key may come twice where a leader has moved within the last minutes, but none is missing.
    assertThat(new TreeSet<>(scanned)).isEqualTo(keys);
  }

  @Test
  void exactlyOneNodeTakesAKeyAndTheOthersPointToIt() {
    for (int key = 0; key < 100; key++) {
      int slot = Slots.of(("key" + key).getBytes(StandardCharsets.US_ASCII));
      Set<HostAndPort> pointed = new HashSet<>();
      List<HostAndPort> taking = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        try (Jedis node = cluster.direct(i)) {
          node.get("key" + key);
          taking.add(cluster.clusterFace(i));
        } catch (JedisMovedDataException moved) {
          assertThat(moved.getSlot()).isEqualTo(slot);
          pointed.add(moved.getTargetNode());
        }
      }
      assertThat(taking).hasSize(1);
      assertThat(pointed).containsExactly(taking.get(0));
    }
  }

  /** Some clients give a node the role it was named in last: an owner is named as nothing else. */
  @Test
  void followersAreNamedOnlyAfterReadonly() {
    for (int i = 0; i < 3; i++) {
      try (Jedis node = cluster.direct(i)) {
        assertThat(namedInSlots(node)).hasSize(SHARDS).containsOnly(1);
        assertThat(node.sendCommand(Protocol.Command.READONLY)).isNotNull();
        assertThat(namedInSlots(node)).hasSize(SHARDS).containsOnly(3);
        assertThat(node.sendCommand(Protocol.Command.READWRITE)).isNotNull();
        assertThat(namedInSlots(node)).hasSize(SHARDS).containsOnly(1);
      }
    }
  }

  /** How many nodes CLUSTER SLOTS names for each range of slots. */
  private static List<Integer> namedInSlots(Jedis node) {
    List<Integer> named = new ArrayList<>();
    for (Object entry : (List<?>) node.sendCommand(Protocol.Command.CLUSTER, "SLOTS")) {
      named.add(((List<?>) entry).size() - 2);
    }
    return named;
  }

  /** It says READONLY on each connection, those it learns the nodes by included. */
  @ParameterizedTest
  @EnumSource(RedisProtocol.class)
  void jedisReadsFromReplicas(RedisProtocol protocol) {
    fill();
    DefaultJedisClientConfig config =
        DefaultJedisClientConfig.builder()
            .protocol(protocol)
            .readOnlyForRedisClusterReplicas()
            .build();
    CommandObject<String> get = new ClusterCommandObjects().get("key7");
    try (JedisCluster jedis = new JedisCluster(cluster.clusterFaces(), config)) {
      int leader = leaderOf("key7");
      for (int i = 0; i < 3; i++) {
        try (Jedis node = cluster.direct(i)) {
          node.configResetStat();
        }
      }
      for (int i = 0; i < 20; i++) {
        TestCluster.await(() -> "value7".equals(jedis.executeCommandToReplica(get)));
      }
      int asked = 0;
      for (int i = 0; i < 3; i++) {
        try (Jedis node = cluster.direct(i)) {
          asked += i != leader && node.info("commandstats").contains("cmdstat_get:") ? 1 : 0;
        }
      }
      assertThat(asked).as("followers that were asked").isPositive();
      assertThat(sizeOfAll(jedis)).as("of all nodes").isEqualTo(KEYS);
      assertThat(jedis.flushAll()).isEqualTo("OK");
      TestCluster.await(() -> sizeOfAll(jedis) == 0);
    }
  }

  private static int leaderOf(String key) {
    for (int i = 0; ; i = (i + 1) % 3) {
      try (Jedis node = cluster.direct(i)) {
        if (!isMoved(() -> node.ttl(key))) {
          return i;
        }
      }
    }
  }

  /** A node that was held up for longer than the bound says MOVED: then it is asked again. */
  @Test
  void everyNodeServesReadsAfterReadonlyButNothingElse() {
    fill();
    for (int i = 0; i < 3; i++) {
      try (Jedis node = cluster.direct(i)) {
        TestCluster.await(() -> isMoved(() -> node.get(ledElsewhere(node))));
        assertThat(node.sendCommand(Protocol.Command.READONLY)).isNotNull();
        for (int key = 0; key < KEYS; key++) {
          String name = "key" + key;
          TestCluster.await(() -> !isMoved(() -> node.get(name)));
        }
        TestCluster.await(
            () ->
                !isMoved(
                    () ->
                        assertThat(node.mget("key7", "{key7}x")).containsExactly("value7", null)));
        TestCluster.await(() -> !isMoved(() -> assertThat(node.exists("key8")).isTrue()));
        TestCluster.await(() -> isMoved(() -> node.ttl(ledElsewhere(node))));
        TestCluster.await(() -> isMoved(() -> node.set(ledElsewhere(node), "x")));
        assertThat(node.sendCommand(Protocol.Command.READWRITE)).isNotNull();
        TestCluster.await(() -> isMoved(() -> node.get(ledElsewhere(node))));
      }
    }
  }

  private static boolean isMoved(Runnable call) {
    try {
      call.run();
      return false;
    } catch (JedisMovedDataException moved) {
      return true;
    }
  }

  /** A key that this node redirects, as long as leaders stay where they are. */
  private static String ledElsewhere(Jedis node) {
    for (int key = 0; key < KEYS; key++) {
      String name = "key" + key;
      if (isMoved(() -> node.ttl(name))) {
        return name;
      }
    }
    return "key0";
  }

  @Test
  void keysOfTwoSlotsAreRefusedInRedissWords() {
    try (Jedis node = cluster.direct(0)) {
      assertThatThrownBy(() -> node.mget("a", "b"))
          .isInstanceOf(JedisDataException.class)
          .hasMessage("CROSSSLOT Keys in request don't hash to the same slot");
      assertThatThrownBy(() -> node.rename("a", "b")).hasMessageStartingWith("CROSSSLOT ");
      assertThatThrownBy(() -> node.sendCommand(Protocol.Command.SELECT, "1"))
          .hasMessage("ERR SELECT is not allowed in cluster mode");
    }
  }

  @Test
  void theKeysOfASlotAreFoundOnItsOwnerOnly() {
    fill();
    for (String tag : List.of("a", "b", "c")) {
      int slot = Slots.of(tag.getBytes(StandardCharsets.US_ASCII));
      Set<String> expected = new TreeSet<>();
      for (int i = 0; i < 30; i++) {
        expected.add("{" + tag + "}" + i);
        cluster.node(1).execute("SET", "{" + tag + "}" + i, "x").join();
      }
      long counted = 0;
      List<String> found = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        try (Jedis node = cluster.direct(i)) {
          counted += node.clusterCountKeysInSlot(slot);
          found.addAll(node.clusterGetKeysInSlot(slot, 1000));
          assertThat(node.clusterGetKeysInSlot(slot, 7).size()).isIn(0, 7);
          assertThat(node.clusterKeySlot(tag)).isEqualTo(slot);
        }
      }
      assertThat(counted).isEqualTo(30);
      assertThat(new TreeSet<>(found)).isEqualTo(expected);
    }
  }
}
