package io.shardwell.jepsen.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.shardwell.jepsen.NodesInThisJvm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.Redisson;
import org.redisson.api.BatchOptions;
import org.redisson.api.RAtomicDouble;
import org.redisson.api.RAtomicLong;
import org.redisson.api.RBatch;
import org.redisson.api.RBucket;
import org.redisson.api.RKeys;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisException;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;

/**
 * Shows what of Redisson works unchanged against any node of three: buckets, atomic numbers, keys
 * and atomic batches, in all operations that need no script.
 */
class RedissonTest {
  private static NodesInThisJvm nodes;
  private static RedissonClient redisson;

  @BeforeAll
  static void start() throws Exception {
    nodes = new NodesInThisJvm(3, 4);
    Config config = new Config();
    config.setCodec(StringCodec.INSTANCE);
    config.useSingleServer().setAddress("redis://127.0.0.1:" + nodes.port(2));
    redisson = Redisson.create(config);
  }

  @AfterAll
  static void stop() {
    redisson.shutdown();
    nodes.close();
  }

  @BeforeEach
  void empty() {
    redisson.getKeys().flushall();
  }

  @Test
  void buckets() {
    RBucket<String> bucket = redisson.getBucket("bucket");
    assertThat(bucket.get()).isNull();
    bucket.set("1");
    assertThat(bucket.setIfAbsent("2")).isFalse();
    assertThat(bucket.setIfExists("3")).isTrue();
    assertThat(bucket.getAndSet("4")).isEqualTo("3");
    bucket.set("5", Duration.ofMinutes(1));
    assertThat(bucket.remainTimeToLive()).isBetween(1L, 60_000L);
    assertThat(bucket.getAndExpire(Duration.ofMinutes(2))).isEqualTo("5");
    assertThat(bucket.getAndClearExpire()).isEqualTo("5");
    assertThat(bucket.remainTimeToLive()).isEqualTo(-1);
    bucket.set("5", Duration.ofMinutes(1));
    assertThat(bucket.clearExpire()).isTrue();
    bucket.setAndKeepTTL("6");
    assertThat(bucket.size()).isEqualTo(1);
    assertThat(bucket.isExists()).isTrue();
    assertThat(bucket.touch()).isTrue();
    assertThat(bucket.get()).isEqualTo("6");
    assertThat(bucket.delete()).isTrue();
    assertThat(bucket.delete()).isFalse();
    redisson.getBuckets().set(Map.of("a", "1", "b", "2"));
    assertThat(redisson.getBuckets().<String>get("a", "b", "none"))
        .isEqualTo(Map.of("a", "1", "b", "2"));
  }

  /** What needs a script fails at once; it was asked for again and again, for ever. */
  @Test
  @Timeout(20)
  void scripts() {
    RBucket<String> bucket = redisson.getBucket("bucket");
    bucket.set("1");
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> bucket.expire(Duration.ofMinutes(1)),
            bucket::getAndDelete,
            () -> redisson.getAtomicLong("bucket").getAndDelete(),
            () -> redisson.getLock("lock").lock())) {
      assertThatThrownBy(call)
          .isInstanceOf(RedisException.class)
          .hasMessageContaining("scripts and functions are not supported");
    }
  }

  @Test
  void atomicBatches() {
    RBatch batch =
        redisson.createBatch(
            BatchOptions.defaults().executionMode(BatchOptions.ExecutionMode.REDIS_WRITE_ATOMIC));
    var unusedSet = batch.<String>getBucket("{b}a").setAsync("1");
    var unusedCount = batch.getAtomicLong("{b}n").addAndGetAsync(5);
    var unusedGet = batch.<String>getBucket("{b}a").getAsync();
    List<Object> responses = new ArrayList<>(batch.execute().getResponses());
    assertThat(responses).hasSize(3).endsWith(5L, "1");
  }

  @Test
  void atomics() {
    RAtomicLong number = redisson.getAtomicLong("number");
    assertThat(number.incrementAndGet()).isEqualTo(1);
    assertThat(number.addAndGet(41)).isEqualTo(42);
    assertThat(number.getAndIncrement()).isEqualTo(42);
    assertThat(number.decrementAndGet()).isEqualTo(42);
    assertThat(number.getAndAdd(-2)).isEqualTo(42);
    assertThat(number.getAndSet(7)).isEqualTo(40);
    number.set(8);
    assertThat(number.get()).isEqualTo(8);
    assertThat(number.delete()).isTrue();
    RAtomicDouble fraction = redisson.getAtomicDouble("fraction");
    assertThat(fraction.addAndGet(0.5)).isEqualTo(0.5);
    assertThat(fraction.incrementAndGet()).isEqualTo(1.5);
    assertThat(fraction.get()).isEqualTo(1.5);
  }

  @Test
  void keys() {
    RKeys keys = redisson.getKeys();
    for (int i = 0; i < 50; i++) {
      redisson.<String>getBucket("key" + i).set("v");
    }
    redisson.<String>getBucket("{t}a").set("v");
    assertThat(keys.count()).isEqualTo(51);
    List<String> found = new ArrayList<>();
    keys.getKeys().forEach(found::add);
    assertThat(found).hasSize(51).doesNotHaveDuplicates();
    assertThat(keys.countExists("key1", "key2", "none")).isEqualTo(2);
    assertThat(keys.touch("key1", "none")).isEqualTo(1);
    keys.rename("{t}a", "{t}b");
    assertThat(keys.renamenx("{t}b", "{t}c")).isTrue();
    assertThat(keys.randomKey()).isIn(all(keys));
    assertThat(keys.getType("key1").name()).isEqualTo("OBJECT");
    assertThat(keys.expire("key1", 1, TimeUnit.MINUTES)).isTrue();
    assertThat(keys.remainTimeToLive("key1")).isBetween(1L, 60_000L);
    assertThat(keys.clearExpire("key1")).isTrue();
    assertThat(keys.delete("key1", "none")).isEqualTo(1);
    assertThat(keys.unlink("key2")).isEqualTo(1);
    assertThat(keys.deleteByPattern("key*")).isEqualTo(48);
    keys.flushdb();
    assertThat(keys.count()).isZero();
  }

  private static List<String> all(RKeys keys) {
    List<String> all = new ArrayList<>();
    keys.getKeys().forEach(all::add);
    return all;
  }
}
