package io.shardwell.statemachine.benchmark;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Policy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.SplittableRandom;
import org.openjdk.jmh.infra.Blackhole;

/**
 * The cache most Java programs have, with what it needs to keep deadlines and a limit of its own;
 * its upkeep on the calling thread, since one core is what is measured.
 */
final class CaffeineTable implements Table {
  private static final long NEVER_FULL = 1L << 40;

  private final SplittableRandom random = new SplittableRandom(2);
  private final Cache<ByteBuffer, byte[]> cache =
      Caffeine.newBuilder()
          .maximumSize(NEVER_FULL)
          .expireAfter(Expiry.<ByteBuffer, byte[]>writing((key, value) -> Duration.ofDays(365)))
          .executor(Runnable::run)
          .build();
  private final Policy.VarExpiration<ByteBuffer, byte[]> deadlines =
      cache.policy().expireVariably().orElseThrow();
  private Operation operation = Operation.GET;
  private byte[][] keys = {};
  private byte[][] values = {};
  private Duration[] lives = {};

  @Override
  public void load(Operation loadedFor, byte[] key, byte[] value) {
    if (loadedFor == Operation.EXPIRE) {
      var unused = deadlines.put(ByteBuffer.wrap(key), value, life(1_000_000));
    } else {
      cache.put(ByteBuffer.wrap(key), value);
    }
  }

  @Override
  public void prepare(Operation newOperation, byte[][] newKeys, byte[][] newValues) {
    operation = newOperation;
    keys = newKeys;
    values = newValues;
    if (newOperation == Operation.EXPIRE) {
      lives = new Duration[newKeys.length];
      for (int i = 0; i < lives.length; i++) {
        lives[i] = life(100_000);
      }
    }
  }

  @Override
  public void run(Blackhole sink) {
    for (int i = 0; i < keys.length; i++) {
      ByteBuffer key = ByteBuffer.wrap(keys[i]);
      switch (operation) {
        case GET -> sink.consume(cache.getIfPresent(key));
        case SET_OVERWRITE, SET_NEW -> cache.put(key, values[i]);
        case INCR ->
            sink.consume(
                cache.asMap().computeIfPresent(key, (k, number) -> HashMapTable.increment(number)));
        case EXPIRE -> deadlines.setExpiresAfter(key, lives[i]);
      }
    }
  }

  @Override
  public void remove(byte[][] added) {
    for (byte[] key : added) {
      cache.invalidate(ByteBuffer.wrap(key));
    }
  }

  private Duration life(int bound) {
    return Duration.ofSeconds(1000 + random.nextInt(bound));
  }
}
