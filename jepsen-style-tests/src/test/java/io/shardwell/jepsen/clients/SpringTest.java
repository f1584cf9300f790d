package io.shardwell.jepsen.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.shardwell.jepsen.NodesInThisJvm;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.cache.Cache;
import org.springframework.cache.CacheManager;
import org.springframework.cache.annotation.CacheEvict;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.cache.BatchStrategies;
import org.springframework.data.redis.cache.RedisCacheConfiguration;
import org.springframework.data.redis.cache.RedisCacheManager;
import org.springframework.data.redis.cache.RedisCacheWriter;
import org.springframework.data.redis.connection.BitFieldSubCommands;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.ScanOptions;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.ValueOperations;

/**
 * Shows that Spring Data Redis and Spring Cache work unchanged against any node of three: value
 * operations of a RedisTemplate, keys, expiry, and a cache behind annotations with entries that
 * expire, a cache that is emptied by KEYS, by SCAN, and one that locks.
 */
class SpringTest {
  private static NodesInThisJvm nodes;
  private static AnnotationConfigApplicationContext spring;
  private static StringRedisTemplate template;
  private static ValueOperations<String, String> values;

  /** An application as its authors would write it. */
  @Configuration
  @EnableCaching
  static class Application {
    @Bean
    RedisConnectionFactory connections() {
      return new LettuceConnectionFactory("127.0.0.1", nodes.port(1));
    }

    @Bean
    StringRedisTemplate template(RedisConnectionFactory connections) {
      return new StringRedisTemplate(connections);
    }

    @Bean
    CacheManager caches(RedisConnectionFactory connections) {
      return RedisCacheManager.builder(connections)
          .cacheDefaults(
              RedisCacheConfiguration.defaultCacheConfig().entryTtl(Duration.ofMinutes(10)))
          .build();
    }

    @Bean
    Squares squares() {
      return new Squares();
    }
  }

  /** Something slow. */
  static class Squares {
    final AtomicInteger computed = new AtomicInteger();

    @Cacheable("squares")
    public String of(int n) {
      computed.incrementAndGet();
      return Integer.toString(n * n);
    }

    @CacheEvict(value = "squares", allEntries = true)
    public void forget() {
      computed.set(0);
    }

    public int computed() {
      return computed.get();
    }
  }

  @BeforeAll
  static void start() throws Exception {
    nodes = new NodesInThisJvm(3, 4);
    spring = new AnnotationConfigApplicationContext(Application.class);
    template = spring.getBean(StringRedisTemplate.class);
    values = template.opsForValue();
  }

  @AfterAll
  static void stop() {
    spring.close();
    nodes.close();
  }

  @BeforeEach
  void empty() {
    template.execute(
        (RedisCallback<Void>)
            connection -> {
              connection.serverCommands().flushAll();
              return null;
            });
  }

  @Test
  void valuesAreSetAndRead() {
    values.set("a", "1");
    values.set("b", "2", Duration.ofMinutes(1));
    assertThat(values.get("a")).isEqualTo("1");
    assertThat(values.get("none")).isNull();
    assertThat(values.setIfAbsent("a", "x")).isFalse();
    assertThat(values.setIfAbsent("c", "3", Duration.ofMinutes(1))).isTrue();
    assertThat(values.setIfPresent("a", "4")).isTrue();
    assertThat(values.setIfPresent("none", "4")).isFalse();
    assertThat(values.getAndSet("a", "5")).isEqualTo("4");
    assertThat(values.getAndDelete("a")).isEqualTo("5");
    assertThat(values.getAndExpire("b", Duration.ofMinutes(2))).isEqualTo("2");
    assertThat(values.getAndPersist("b")).isEqualTo("2");
    assertThat(values.size("b")).isEqualTo(1);
    assertThat(values.append("b", "34")).isEqualTo(3);
    assertThat(values.get("b", 1, 2)).isEqualTo("34");
    values.set("b", "xy", 1);
    assertThat(values.get("b")).isEqualTo("2xy");
    values.multiSet(Map.of("m1", "1", "m2", "2", "m3", "3"));
    assertThat(values.multiGet(List.of("m1", "none", "m3"))).containsExactly("1", null, "3");
    assertThat(values.multiSetIfAbsent(Map.of("{t}1", "1", "{t}2", "2"))).isTrue();
  }

  @Test
  void bitsAreSetAndRead() {
    assertThat(values.setBit("bits", 9, true)).isFalse();
    assertThat(values.getBit("bits", 9)).isTrue();
    assertThat(values.getBit("bits", 8)).isFalse();
    assertThat(
            values.bitField(
                "bits",
                BitFieldSubCommands.create()
                    .set(BitFieldSubCommands.BitFieldType.unsigned(8))
                    .valueAt(0)
                    .to(200)
                    .incr(BitFieldSubCommands.BitFieldType.unsigned(8))
                    .valueAt(0)
                    .overflow(BitFieldSubCommands.BitFieldIncrBy.Overflow.SAT)
                    .by(100)
                    .get(BitFieldSubCommands.BitFieldType.signed(4))
                    .valueAt(8)))
        .containsExactly(0L, 255L, 4L);
  }

  @Test
  void numbersAreCounted() {
    assertThat(values.increment("n")).isEqualTo(1);
    assertThat(values.increment("n", 41)).isEqualTo(42);
    assertThat(values.decrement("n")).isEqualTo(41);
    assertThat(values.decrement("n", 40)).isEqualTo(1);
    assertThat(values.increment("n", 0.5)).isEqualTo(1.5);
    values.set("text", "abc");
    assertThatThrownBy(() -> values.increment("text")).isInstanceOf(DataAccessException.class);
  }

  @Test
  void keysExpireAreRenamedAndFound() {
    values.multiSet(Map.of("{k}1", "1", "{k}2", "2", "other", "3"));
    assertThat(template.hasKey("{k}1")).isTrue();
    assertThat(template.countExistingKeys(List.of("{k}1", "other", "none"))).isEqualTo(2);
    assertThat(template.expire("{k}1", Duration.ofMinutes(1))).isTrue();
    assertThat(template.getExpire("{k}1")).isBetween(1L, 60L);
    assertThat(template.persist("{k}1")).isTrue();
    template.rename("{k}1", "{k}3");
    assertThat(template.renameIfAbsent("{k}3", "{k}2")).isFalse();
    assertThat(template.keys("{k}*")).containsExactlyInAnyOrder("{k}2", "{k}3");
    Set<String> scanned = new TreeSet<>();
    try (var cursor = template.scan(ScanOptions.scanOptions().match("*").count(2).build())) {
      cursor.forEachRemaining(scanned::add);
    }
    assertThat(scanned).containsExactly("other", "{k}2", "{k}3");
    assertThat(template.type("other").code()).isEqualTo("string");
    assertThat(template.randomKey()).isIn(scanned);
    assertThat(template.delete(List.of("other", "{k}2", "none"))).isEqualTo(2);
    assertThat(template.unlink("{k}3")).isTrue();
  }

  @Test
  void aCacheBehindAnnotations() {
    Squares squares = spring.getBean(Squares.class);
    squares.forget();
    assertThat(squares.of(12)).isEqualTo("144");
    assertThat(squares.of(12)).isEqualTo("144");
    assertThat(squares.of(3)).isEqualTo("9");
    assertThat(squares.computed()).isEqualTo(2);
    assertThat(template.keys("squares::*")).containsExactlyInAnyOrder("squares::12", "squares::3");
    assertThat(template.getExpire("squares::12")).isBetween(1L, 600L);
    squares.forget();
    assertThat(template.keys("squares::*")).isEmpty();
    assertThat(squares.of(12)).isEqualTo("144");
    assertThat(squares.computed()).isEqualTo(1);
  }

  @Test
  void cachesThatLockAndThatScan() {
    RedisConnectionFactory connections = spring.getBean(RedisConnectionFactory.class);
    RedisCacheManager caches =
        RedisCacheManager.builder(
                RedisCacheWriter.lockingRedisCacheWriter(connections, BatchStrategies.scan(3)))
            .cacheDefaults(
                RedisCacheConfiguration.defaultCacheConfig()
                    .entryTtl(Duration.ofMinutes(1))
                    .enableTimeToIdle())
            .build();
    Cache cache = Objects.requireNonNull(caches.getCache("locked"));
    for (int i = 0; i < 20; i++) {
      cache.put(i, "v" + i);
    }
    assertThat(cache.putIfAbsent(1, "x")).isNotNull();
    assertThat(cache.get(7, String.class)).isEqualTo("v7");
    assertThat(cache.get(100, () -> "loaded")).isEqualTo("loaded");
    cache.evict(7);
    assertThat(cache.get(7)).isNull();
    cache.clear();
    assertThat(template.keys("locked*")).isEmpty();
  }
}
