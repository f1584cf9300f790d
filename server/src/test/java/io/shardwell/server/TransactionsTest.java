package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.KeyValue;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.protocol.ProtocolVersion;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.SafeEncoder;

/**
 * Shows transactions as a client of several nodes sees them: through any node, on keys that meet in
 * one shard, in order with what is pipelined around them. Unmodified Jedis and Lettuce, three
 * nodes.
 */
class TransactionsTest {
  private static @Nullable TestCluster started;

  @BeforeAll
  static void start(@TempDir Path dir) throws Exception {
    started = new TestCluster(dir, 3, 8);
  }

  @AfterAll
  static void stop() {
    cluster().close();
  }

  private static Jedis client(int node) {
    return new Jedis(TestCluster.HOST, cluster().node(node).port());
  }

  private static TestCluster cluster() {
    return Objects.requireNonNull(started);
  }

  /** Each sees the key as it is at its place in the transaction, and counts among its keys. */
  @Test
  void objectAndMemoryUsageAreAnsweredInTheirPlace() {
    for (int node = 0; node < 3; node++) {
      try (Jedis jedis = client(node)) {
        Transaction transaction = jedis.multi();
        transaction.set("{seen}a", "abc");
        Response<String> text = transaction.objectEncoding("{seen}a");
        Response<Long> usage = transaction.memoryUsage("{seen}a");
        transaction.set("{seen}a", "5");
        Response<String> number = transaction.objectEncoding("{seen}a");
        Response<Long> uses = transaction.objectRefcount("{seen}a");
        transaction.del("{seen}a");
        Response<String> gone = transaction.objectEncoding("{seen}a");
        assertThat(transaction.exec()).hasSize(8);
        assertThat(text.get()).isEqualTo("embstr");
        assertThat(usage.get()).isPositive();
        assertThat(number.get()).isEqualTo("int");
        assertThat(uses.get()).isEqualTo(1);
        assertThat(gone.get()).isNull();

        Transaction across = jedis.multi();
        across.set("{seen}a", "abc");
        for (int tag = 0; tag < 64; tag++) {
          across.objectEncoding("{elsewhere" + tag + "}a");
        }
        assertThatThrownBy(across::exec)
            .isInstanceOf(JedisDataException.class)
            .hasMessageStartingWith("EXECABORT");
      }
    }
  }

  @Test
  void readsAndWritesTakeEffectTogetherThroughAnyNode() {
    for (int node = 0; node < 3; node++) {
      try (Jedis jedis = client(node)) {
        String tag = "{together" + node + "}";
        Transaction transaction = jedis.multi();
        Response<String> set = transaction.set(tag + "a", "1");
        Response<Long> increased = transaction.incr(tag + "a");
        Response<String> read = transaction.get(tag + "a");
        Response<Long> wrong = transaction.incr(tag + "text");
        transaction.mset(tag + "b", "x", tag + "c", "y");
        assertThat(transaction.exec()).hasSize(5);
        assertThat(set.get()).isEqualTo("OK");
        assertThat(increased.get()).isEqualTo(2);
        assertThat(read.get()).isEqualTo("2");
        assertThat(wrong.get()).isEqualTo(1);
        assertThat(jedis.mget(tag + "a", tag + "b", tag + "c")).containsExactly("2", "x", "y");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ProtocolVersion.class)
  void lettuceExecutesAndIsVoidedAlike(ProtocolVersion version) {
    RedisClient lettuce =
        RedisClient.create(RedisURI.create(TestCluster.HOST, cluster().node(1).port()));
    lettuce.setOptions(ClientOptions.builder().protocolVersion(version).build());
    try (StatefulRedisConnection<String, String> connection = lettuce.connect();
        Jedis other = client(2)) {
      RedisCommands<String, String> redis = connection.sync();
      redis.del("{l}a", "{l}n");
      assertThat(redis.multi()).isEqualTo("OK");
      redis.set("{l}a", "1");
      redis.incrbyfloat("{l}n", 1.5);
      redis.mget("{l}a", "{l}none");
      redis.incr("{l}a");
      redis.ping();
      TransactionResult result = redis.exec();
      assertThat(result.wasDiscarded()).isFalse();
      assertThat(result.stream())
          .containsExactly(
              "OK",
              1.5,
              List.of(KeyValue.just("{l}a", "1"), KeyValue.empty("{l}none")),
              2L,
              "PONG");

      assertThat(redis.watch("{l}a")).isEqualTo("OK");
      other.set("{l}a", "7");
      redis.multi();
      redis.set("{l}a", "8");
      assertThat(redis.exec().wasDiscarded()).isTrue();
      assertThat(redis.get("{l}a")).isEqualTo("7");

      redis.watch("{l}a");
      redis.unwatch();
      other.set("{l}a", "9");
      redis.multi();
      redis.set("{l}a", "10");
      assertThat(redis.exec().wasDiscarded()).isFalse();
      redis.multi();
      redis.set("{l}a", "11");
      assertThat(redis.discard()).isEqualTo("OK");
      assertThat(redis.get("{l}a")).isEqualTo("10");
    } finally {
      lettuce.shutdown(Duration.ZERO, Duration.ofSeconds(2));
    }
  }

  @Test
  void whatIsReadAndDoneWithinIsCountedInInfo() {
    try (Jedis jedis = client(0);
        Jedis second = client(1);
        Jedis third = client(2)) {
      jedis.set("{i}a", "1");
      List<Jedis> all = List.of(jedis, second, third);
      all.forEach(Jedis::configResetStat);
      Transaction transaction = jedis.multi();
      transaction.get("{i}a");
      transaction.get("{i}none");
      transaction.mget("{i}a", "{i}none");
      transaction.incrBy("{i}a", Long.MAX_VALUE);
      transaction.exec();
      // Counted by the node that leads the shard, whichever that is.
      assertThat(all.stream().map(each -> each.info("stats")))
          .filteredOn(info -> !info.contains("\r\nkeyspace_hits:0\r\nkeyspace_misses:0\r\n"))
          .singleElement(InstanceOfAssertFactories.STRING)
          .contains("\r\nkeyspace_hits:2\r\nkeyspace_misses:2\r\n");
      assertThat(jedis.info("commandstats"))
          .contains("\r\ncmdstat_get:calls=2,", "\r\ncmdstat_mget:calls=1,")
          .contains("\r\ncmdstat_exec:calls=1,")
          .containsPattern("cmdstat_incrby:calls=1,[^\r]*,failed_calls=1\r");
      assertThat(jedis.info("errorstats")).contains("\r\nerrorstat_ERR:count=1\r\n");
    }
  }

  @Test
  void whatMayNotStandInOneIsRefused() {
    try (Jedis jedis = client(0)) {
      for (String name : List.of("SHUTDOWN", "SAVE", "SYNC", "PSYNC")) {
        jedis.sendCommand(Protocol.Command.MULTI);
        assertThatThrownBy(() -> jedis.sendCommand(() -> SafeEncoder.encode(name)))
            .isInstanceOf(JedisDataException.class)
            .hasMessage("ERR Command not allowed inside a transaction");
        assertThatThrownBy(() -> jedis.sendCommand(Protocol.Command.EXEC))
            .hasMessageStartingWith("EXECABORT");
      }
    }
  }

  @Test
  void aWrongCallOfWhatIsNotQueuedVoidsIt() {
    String wrong = "ERR wrong number of arguments for '%s' command";
    try (Jedis jedis = client(0)) {
      for (String call : List.of("DISCARD x", "WATCH", "MULTI x", "RESET x")) {
        assertThat(pipelined(jedis, "MULTI", call, "SET {u}a 1", "EXEC"))
            .as(call)
            .containsExactly(
                "OK",
                wrong.formatted(call.split(" ", 2)[0].toLowerCase(Locale.ROOT)),
                "QUEUED",
                "EXECABORT Transaction discarded because of previous errors.");
      }
      String ended =
          "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command";
      assertThat(pipelined(jedis, "MULTI", "SET {u}a 1", "EXEC x", "PING", "EXEC"))
          .containsExactly("OK", "QUEUED", ended, "PONG", "ERR EXEC without MULTI");
      assertThat(pipelined(jedis, "EXEC x", "PING")).containsExactly(ended, "PONG");
      assertThat(pipelined(jedis, "WATCH", "MULTI", "PING", "EXEC"))
          .as("before MULTI")
          .containsExactly(wrong.formatted("watch"), "OK", "QUEUED", "[PONG]");
      assertThat(jedis.exists("{u}a")).isFalse();
    }
  }

  private static List<String> pipelined(Jedis jedis, String... lines) {
    var connection = jedis.getConnection();
    for (String line : lines) {
      List<String> words = List.of(line.split(" "));
      connection.sendCommand(
          () -> SafeEncoder.encode(words.get(0)),
          words.subList(1, words.size()).toArray(String[]::new));
    }
    return connection.getMany(lines.length).stream().map(TransactionsTest::text).toList();
  }

  private static String text(Object reply) {
    if (reply instanceof List<?> items) {
      return items.stream().map(TransactionsTest::text).toList().toString();
    }
    return reply instanceof byte[] bytes
        ? SafeEncoder.encode(bytes)
        : reply instanceof JedisDataException failure
            ? String.valueOf(failure.getMessage())
            : String.valueOf(reply);
  }

  @Test
  void helloWithinDecidesHowItIsAnswered() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), cluster().node(0).port())) {
      String calls =
          "MULTI#HELLO 3#GET {h}none#EXEC#GET {h}none#MULTI#HELLO 2#GET {h}none#EXEC#QUIT#";
      socket
          .getOutputStream()
          .write(calls.replace("#", "\r\n").getBytes(StandardCharsets.US_ASCII));
      String answers =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
              .replace("\r\n", "#");
      assertThat(answers)
          .startsWith("+OK#+QUEUED#+QUEUED#*2#%7#$6#server#")
          .contains("#modules#*0#_#_#+OK#+QUEUED#+QUEUED#*2#*14#$6#server#")
          .endsWith("#modules#*0#$-1#+OK#");
    }
  }

  @Test
  void aWatchedKeyThatAnotherNodesClientChangedVoidsIt() {
    try (Jedis one = client(0);
        Jedis other = client(1)) {
      one.set("{w}balance", "10");
      one.watch("{w}balance", "{w}absent");
      other.set("{w}balance", "10");
      Transaction transaction = one.multi();
      transaction.set("{w}balance", "11");
      assertThat(transaction.exec()).as("the same value, and yet a change").isNull();
      assertThat(one.get("{w}balance")).isEqualTo("10");

      one.watch("{w}absent");
      transaction = one.multi();
      transaction.set("{w}balance", "12");
      assertThat(transaction.exec()).hasSize(1);
      one.watch("{w}absent");
      other.setex("{w}absent", 1000, "here now");
      transaction = one.multi();
      transaction.set("{w}balance", "13");
      assertThat(transaction.exec()).isNull();
      one.watch("{w}balance");
      one.unwatch();
      other.del("{w}balance");
      transaction = one.multi();
      transaction.set("{w}balance", "14");
      assertThat(transaction.exec()).hasSize(1);
    }
  }

  @Test
  void keysThatDoNotMeetAreRefusedWhenTheyAreNamed() {
    // Of 8 shards, these two tags are in different ones.
    try (Jedis jedis = client(2)) {
      Transaction transaction = jedis.multi();
      transaction.set("{a}", "1");
      Response<String> elsewhere = transaction.set("{b}", "1");
      assertThatThrownBy(transaction::exec)
          .isInstanceOf(JedisDataException.class)
          .hasMessageStartingWith("EXECABORT");
      assertThat(elsewhere).isNotNull();
      assertThat(jedis.get("{a}")).isNull();
      assertThatThrownBy(() -> jedis.watch("{a}", "{b}")).hasMessageStartingWith("CROSSSLOT");
      assertThat(jedis.sendCommand(Protocol.Command.MULTI)).isNotNull();
      assertThatThrownBy(() -> jedis.sendCommand(Protocol.Command.DBSIZE))
          .hasMessageContaining("all shards");
      assertThatThrownBy(() -> jedis.sendCommand(Protocol.Command.EXEC))
          .hasMessageStartingWith("EXECABORT");
    }
  }

  @Test
  void whatIsPipelinedAroundItStaysInOrder() {
    try (Jedis jedis = client(1)) {
      for (int i = 0; i < 50; i++) {
        String key = "{p" + i + "}k";
        var connection = jedis.getConnection();
        connection.sendCommand(Protocol.Command.SET, key, "0");
        connection.sendCommand(Protocol.Command.WATCH, key);
        connection.sendCommand(Protocol.Command.MULTI);
        connection.sendCommand(Protocol.Command.INCR, key);
        connection.sendCommand(Protocol.Command.ECHO, "inside");
        connection.sendCommand(Protocol.Command.EXEC);
        connection.sendCommand(Protocol.Command.INCR, key);
        List<Object> replies = connection.getMany(7);
        assertThat(replies.get(6)).isEqualTo(2L);
        List<?> executed = (List<?>) replies.get(5);
        assertThat(executed.get(0)).isEqualTo(1L);
        assertThat(SafeEncoder.encode((byte[]) executed.get(1))).isEqualTo("inside");
      }
    }
  }

  @Test
  void aVersionGrowsWithEveryChange() {
    try (Jedis jedis = client(0)) {
      long absent = version(jedis, "{v}key");
      jedis.set("{v}key", "1");
      long first = version(jedis, "{v}key");
      jedis.set("{v}key", "1");
      long second = version(jedis, "{v}key");
      jedis.expire("{v}key", 1000);
      long third = version(jedis, "{v}key");
      assertThat(version(jedis, "{v}key")).as("a read is no change").isEqualTo(third);
      assertThat(List.of(absent, first, second, third)).isSorted().doesNotHaveDuplicates();
      assertThat(Map.of("absent", absent)).containsEntry("absent", 0L);
    }
  }

  private static long version(Jedis jedis, String key) {
    return (Long) jedis.sendCommand(() -> SafeEncoder.encode("GETVER"), key);
  }
}
