package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Shows limits of values, and the commands that the random histories leave out. */
class ValuesTest {
  private final Shard shard = new Shard();

  @Test
  void valuesDoNotGrowBeyondTheLimit() {
    byte[] most = new byte[Limits.MAX_VALUE_BYTES];
    byte[] key = {'k'};
    assertThat(shard.write(List.of(Invocation.of(Command.SET, key, most))))
        .containsExactly(Reply.OK);
    assertThat(shard.write("APPEND", "k", "x")).isEqualTo(Failures.STRING_TOO_LARGE);
    assertThat(shard.write("SETRANGE", "k", "16777216", "x")).isEqualTo(Failures.STRING_TOO_LARGE);
    assertThat(shard.write("SETRANGE", "k", "9223372036854775807", "x"))
        .isEqualTo(Failures.STRING_TOO_LARGE);
    assertThat(shard.write("SETRANGE", "k", "16777215", "x")).isEqualTo(new Reply.Int(16_777_216));
    assertThat(shard.write("APPEND", "k", "")).isEqualTo(new Reply.Int(16_777_216));
    assertThat(shard.read("GETRANGE", "k", "-1", "-1")).isEqualTo(Reply.Bulk.of("x"));
  }

  /** Once each byte of the longer value had an array of its own: seven times the limit. */
  @Test
  void lcsTakesTheMemoryThatItIsCheckedFor() {
    int length = Limits.MAX_VALUE_BYTES / Integer.BYTES - 1;
    byte[] key = {'k'};
    shard.write(List.of(Invocation.of(Command.SET, key, new byte[length])));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertThat(shard.read("LCS", "k", "absent", "LEN")).isEqualTo(Reply.ZERO);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before)
        .isLessThan(2L * Limits.MAX_VALUE_BYTES);
  }

  @Test
  void flushTakesItsWords() {
    shard.write("SET", "k", "v", "PX", "100");
    assertThat(shard.write("FLUSHALL", "NOW")).isEqualTo(Failures.SYNTAX);
    assertThat(shard.write("FLUSHALL", "ASYNC", "SYNC")).isEqualTo(Failures.SYNTAX);
    assertThat(shard.read("DBSIZE")).isEqualTo(Reply.ONE);
    assertThat(shard.write("FLUSHDB", "async")).isEqualTo(Reply.OK);
    assertThat(shard.read("DBSIZE")).isEqualTo(Reply.ZERO);
    assertThat(shard.state.stats().logicalBytes()).isZero();
    assertThat(shard.state.nextDeadlineMillis()).isEqualTo(Long.MAX_VALUE);
    shard.write("SET", "k", "v", "PX", "100");
    assertThat(shard.write("FLUSHALL")).isEqualTo(Reply.OK);
    shard.tick(1_000);
    shard.state.check();
  }

  @Test
  void randomKeysAreKeysAndNotAlwaysTheSame() {
    assertThat(shard.read("RANDOMKEY")).isEqualTo(Reply.NIL);
    for (int i = 0; i < 100; i++) {
      shard.write("SET", "k" + i, "v");
    }
    long different =
        java.util.stream.LongStream.range(0, 200)
            .mapToObj(stamp -> shard.state.read(Shard.call("RANDOMKEY"), stamp))
            .peek(key -> assertThat(ShardStateProperties.text(key)).startsWith("k"))
            .distinct()
            .count();
    assertThat(different).isGreaterThan(30);
  }

  @Test
  void aKeyRenamedToItselfStays() {
    shard.write("SET", "k", "v", "PX", "100");
    assertThat(shard.write("RENAME", "k", "k")).isEqualTo(Reply.OK);
    assertThat(shard.write("RENAMENX", "k", "k")).isEqualTo(Reply.ZERO);
    assertThat(shard.read("PTTL", "k")).isEqualTo(new Reply.Int(100));
    assertThat(shard.write("RENAME", "none", "none")).isEqualTo(Failures.NO_SUCH_KEY);
  }

  @Test
  void keysTakesPatterns() {
    shard.write("MSET", "cache::1", "a", "cache::2", "b", "other", "c");
    assertThat(ShardStateProperties.texts(shard.read("KEYS", "cache::*")))
        .containsExactlyInAnyOrder("cache::1", "cache::2");
    assertThat(shard.read("KEYS", "x*")).isEqualTo(new Reply.Array(List.of()));
  }
}
