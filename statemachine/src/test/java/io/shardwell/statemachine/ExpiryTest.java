package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Shows expiry by log time: what is gone when, for whom, and that freeing it is invisible. */
class ExpiryTest {
  private final Shard shard = new Shard();

  @Test
  void aKeyIsGoneExactlyAtItsDeadline() {
    shard.write("SET", "k", "v", "PX", "100");
    long deadline = shard.stamp + 100;
    assertThat(shard.read("PEXPIRETIME", "k")).isEqualTo(new Reply.Int(deadline));
    assertThat(shard.state.nextDeadlineMillis()).isEqualTo(deadline);
    shard.tick(99);
    assertThat(shard.read("GET", "k")).isEqualTo(Reply.Bulk.of("v"));
    shard.tick(1);
    assertThat(shard.read("GET", "k")).isEqualTo(Reply.NIL);
    assertThat(shard.read("DBSIZE")).isEqualTo(Reply.ZERO);
    assertThat(shard.state.nextDeadlineMillis()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void timeToLiveCountsDownByTheStampButTheKeyExistsByLogTime() {
    shard.write("SET", "k", "v", "EX", "10");
    Invocation pttl = Shard.call("PTTL", "k");
    assertThat(shard.state.read(pttl, shard.stamp + 1)).isEqualTo(new Reply.Int(9_999));
    assertThat(shard.state.read(pttl, shard.stamp + 9_999)).isEqualTo(new Reply.Int(1));
    assertThat(shard.state.read(pttl, shard.stamp + 60_000)).isEqualTo(new Reply.Int(1));
    assertThat(shard.state.read(pttl, 0)).isEqualTo(new Reply.Int(10_000));
    Invocation ttl = Shard.call("TTL", "k");
    assertThat(shard.state.read(ttl, shard.stamp + 500)).isEqualTo(new Reply.Int(10));
    assertThat(shard.state.read(ttl, shard.stamp + 501)).isEqualTo(new Reply.Int(9));
    assertThat(shard.state.needsTick(pttl, shard.stamp + 9_999)).isFalse();
    assertThat(shard.state.needsTick(pttl, shard.stamp + 10_000)).isTrue();
    assertThat(shard.state.needsTick(Shard.call("GET", "x"), shard.stamp + 10_000)).isFalse();
    assertThat(shard.state.needsTick(Shard.call("DBSIZE"), shard.stamp + 10_000)).isTrue();
    shard.tick(10_000);
    assertThat(shard.state.needsTick(pttl, shard.stamp)).isFalse();
    assertThat(shard.read("PTTL", "k")).isEqualTo(new Reply.Int(-2));
  }

  @Test
  void aSlowClockRevivesNothing() {
    shard.write("SET", "k", "v", "PX", "100");
    shard.tick(100);
    shard.stamp -= 5_000;
    shard.write("SET", "other", "v", "PX", "100");
    assertThat(shard.read("GET", "k")).isEqualTo(Reply.NIL);
    assertThat(shard.read("PEXPIRETIME", "other"))
        .as("deadlines count from log time, not from the stamp")
        .isEqualTo(new Reply.Int(shard.stamp + 5_000 + 100));
  }

  @Test
  void manyKeysDueAtOnceCostBoundedWorkAndNobodySees() {
    int many = 100_000;
    List<Invocation> calls = new ArrayList<>();
    for (int i = 0; i < many; i++) {
      calls.add(Shard.call("SET", "k" + i, "v", "PX", String.valueOf(5_000 + i % 3)));
    }
    calls.add(Shard.call("SET", "stays", "v"));
    shard.write(calls);
    long bytesOfOne = shard.state.stats().logicalBytes() / (many + 1);
    shard.tick(5_002);
    ShardStats stats = shard.state.stats();
    assertThat(stats.keys()).isEqualTo(1);
    assertThat(stats.expiredKeys()).isEqualTo(many);
    assertThat(stats.logicalBytes()).isLessThan(2 * bytesOfOne);
    assertThat(stats.uncollectedKeys()).isEqualTo(many - ShardState.Pace.PRODUCTION.perTick());
    assertThat(shard.read("DBSIZE")).isEqualTo(Reply.ONE);
    assertThat(ShardStateProperties.texts(shard.read("KEYS", "*"))).containsExactly("stays");
    assertThat(shard.read("RANDOMKEY")).isEqualTo(Reply.Bulk.of("stays"));
    assertThat(shard.write("SET", "k77777", "new", "XX")).isEqualTo(Reply.NIL);
    assertThat(shard.write("INCR", "k88888")).isEqualTo(Reply.ONE);
    assertThat(shard.read("TTL", "k88888")).isEqualTo(new Reply.Int(-1));
    assertThat(shard.state.nextDeadlineMillis()).isLessThanOrEqualTo(shard.stamp);
    while (shard.state.stats().uncollectedKeys() > 0) {
      long before = shard.state.stats().uncollectedKeys();
      shard.tick(0);
      long freed = before - shard.state.stats().uncollectedKeys();
      assertThat(freed).isEqualTo(Math.min(before, ShardState.Pace.PRODUCTION.perTick()));
    }
    assertThat(shard.state.nextDeadlineMillis()).isEqualTo(Long.MAX_VALUE);
    assertThat(shard.read("DBSIZE")).isEqualTo(new Reply.Int(2));
    shard.state.check();
  }

  @Test
  void conditionsOfExpireCompareWithTheDeadlineThatIs() {
    shard.write("SET", "k", "v");
    assertThat(shard.write("PEXPIREAT", "k", "9000000", "XX")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("PEXPIREAT", "k", "9000000", "GT")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("PEXPIREAT", "k", "9000000", "LT")).isEqualTo(Reply.ONE);
    assertThat(shard.write("PEXPIREAT", "k", "9000000", "LT")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("PEXPIREAT", "k", "9000000", "GT")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("PEXPIREAT", "k", "9000000", "NX")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("PEXPIREAT", "k", "9000001", "GT", "xx")).isEqualTo(Reply.ONE);
    assertThat(shard.write("PEXPIREAT", "k", "8999999", "LT")).isEqualTo(Reply.ONE);
    assertThat(shard.write("PERSIST", "k")).isEqualTo(Reply.ONE);
    assertThat(shard.write("PERSIST", "k")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("EXPIRE", "k", "0")).isEqualTo(Reply.ONE);
    assertThat(shard.read("EXISTS", "k")).isEqualTo(Reply.ZERO);
  }
}
