package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Shows slot arithmetic by values that Redis Cluster publishes, and shards by their definition. */
class SlotsTest {
  @Test
  void slotsAreThoseOfRedisCluster() {
    assertThat(Slots.crc16("123456789".getBytes(StandardCharsets.US_ASCII), 0, 9))
        .isEqualTo(0x31c3);
    assertThat(slot("123456789")).isEqualTo(12739);
    assertThat(slot("foo")).isEqualTo(12182);
    assertThat(slot("bar")).isEqualTo(5061);
    assertThat(slot("")).isEqualTo(0);
  }

  @Test
  void onlyTheTagCountsIfThereIsOne() {
    assertThat(slot("{user1000}.following")).isEqualTo(slot("user1000"));
    assertThat(slot("a{user1000}b{other}")).isEqualTo(slot("user1000"));
    assertThat(slot("foo{{bar}}zap")).isEqualTo(slot("{bar"));
    // An empty tag is none, nor is one without an end.
    assertThat(slot("foo{}{bar}")).isNotEqualTo(slot("bar"));
    assertThat(slot("foo{bar")).isNotEqualTo(slot("bar"));
    assertThat(slot("foo}bar{")).isNotEqualTo(slot("bar"));
  }

  @Property(tries = 500)
  void shardsAreContiguousAndOfNearlyEqualSize(
      @ForAll @IntRange(min = 1, max = 16384) int shards, @ForAll @IntRange(max = 16383) int slot) {
    int shard = Slots.shardOf(slot, shards);
    assertThat(slot).isBetween(Slots.firstSlot(shard, shards), Slots.lastSlot(shard, shards));
    assertThat(Slots.firstSlot(0, shards)).isZero();
    assertThat(Slots.lastSlot(shards - 1, shards)).isEqualTo(Slots.COUNT - 1);
    if (shard > 0) {
      assertThat(Slots.lastSlot(shard - 1, shards)).isEqualTo(Slots.firstSlot(shard, shards) - 1);
    }
    int size = Slots.lastSlot(shard, shards) - Slots.firstSlot(shard, shards) + 1;
    assertThat(size).isBetween(Slots.COUNT / shards, (Slots.COUNT + shards - 1) / shards);
  }

  private static int slot(String key) {
    return Slots.of(key.getBytes(StandardCharsets.UTF_8));
  }
}
