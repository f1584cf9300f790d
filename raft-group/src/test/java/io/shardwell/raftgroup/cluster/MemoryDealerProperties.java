package io.shardwell.raftgroup.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.statemachine.EvictionPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/**
 * Shows whom the dealer gives how much: shards that grow, one or many, fast or slowly, get room
 * before they need it until hardly any is left on their nodes; and it is silent as soon as nothing
 * grows. Shards are numbers here, the real `meta` keeps the shares, and each step is a tenth of a
 * second after which every replica goes by what was granted.
 */
class MemoryDealerProperties {
  private static final long BUDGET = 256L << 20;
  private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Dead nodes say nothing. */
  private static final class World {
    final List<String> nodes = List.of("n1", "n2", "n3");
    final MetaState meta;
    final MemoryDealer dealer;
    final long[] used;
    final long[] evicted;
    boolean answered = true;
    long now;
    long index;
    int deals;
    long changes;

    World(int shards, EvictionPolicy policy) {
      SortedMap<String, Long> incarnations = new TreeMap<>(Map.of("n1", 1L, "n2", 2L, "n3", 3L));
      meta = new MetaState(new ClusterTable(incarnations, shards, 3));
      dealer = new MemoryDealer(Placement.of(nodes, shards, 3).members());
      used = new long[shards];
      evicted = new long[shards];
      budget(BUDGET, policy);
      step();
    }

    void budget(long bytes, EvictionPolicy policy) {
      meta.apply(
          ++index,
          MetaState.memoryChange(new MemoryChange("n1", 1, ++changes, false, bytes, policy)));
    }

    long limit(int shard) {
      return meta.map().limitOf(shard).bytes();
    }

    /** A shard takes what fits; what it evicts for the rest is counted in keys of 1 KiB. */
    boolean grow(int shard, long bytes) {
      long fits = Math.max(0, Math.min(bytes, limit(shard) - used[shard]));
      used[shard] += fits;
      if (meta.map().memory().evicts()) {
        used[shard] = Math.min(used[shard], limit(shard));
        evicted[shard] += (bytes - fits) >> 10;
        return true;
      }
      return fits == bytes;
    }

    void step() {
      now += STEP_NANOS;
      for (int shard = 0; shard < used.length; shard++) {
        if (meta.map().memory().evicts() && used[shard] > limit(shard)) {
          used[shard] = limit(shard);
        }
        dealer.heard(new MemoryDealer.Use(shard, used[shard], evicted[shard]), now);
      }
      byte[] deal = dealer.deal(meta.map(), now);
      if (deal != null) {
        deals++;
        ClusterMap before = meta.map();
        meta.apply(++index, deal);
        assertThat(meta.map()).as("a deal that is void").isNotEqualTo(before);
      }
      if (answered) {
        SortedMap<Integer, Long> all = new TreeMap<>();
        for (int shard = 0; shard < used.length; shard++) {
          all.put(shard, meta.map().limitOf(shard).revision());
        }
        for (int i = 0; i < nodes.size(); i++) {
          meta.apply(
              ++index, MetaState.appliedLimits(new AppliedLimits(nodes.get(i), i + 1L, all)));
        }
      }
      long sum = 0;
      for (int shard = 0; shard < used.length; shard++) {
        sum += limit(shard);
      }
      assertThat(sum).isLessThanOrEqualTo(meta.map().memory().bytes());
    }

    /** Nothing is dealt any more, for a minute. */
    void expectSilence() {
      int quiet = 0;
      for (int i = 0; i < 3_000 && quiet < 600; i++) {
        int before = deals;
        step();
        quiet = deals == before ? quiet + 1 : 0;
      }
      assertThat(quiet).as("silent steps").isEqualTo(600);
    }

    long total() {
      return Arrays.stream(used).sum();
    }
  }

  /** Up to a hundredth of the budget a second, into as many shards as you like. */
  @Property(tries = 6)
  void crowdedShardsGetNearlyEverythingBeforeTheyNeedIt(@ForAll long seed) {
    Random random = new Random(seed);
    int shards = 1 + random.nextInt(64);
    World world = new World(shards, EvictionPolicy.NOEVICTION);
    world.expectSilence();
    List<Integer> growing = new ArrayList<>();
    for (int i = 1 + random.nextInt(Math.min(3, shards)); i > 0; i--) {
      growing.add(random.nextInt(shards));
    }
    long pace = BUDGET / (1_000L + random.nextInt(8_000));
    boolean fits = true;
    while (fits) {
      int shard = growing.get(random.nextInt(growing.size()));
      fits = world.grow(shard, pace);
      world.step();
    }
    assertThat(world.total()).as("seed %d", seed).isGreaterThan(BUDGET / 100 * 94);
    assertThat(world.deals).as("seed %d", seed).isLessThan(100);
    world.expectSilence();
  }

  @Property(tries = 3)
  void evenLoadEndsEven(@ForAll long seed) {
    Random random = new Random(seed);
    int shards = 2 + random.nextInt(15);
    World world = new World(shards, EvictionPolicy.NOEVICTION);
    // Lopsided beforehand: the first has grown, and was emptied.
    while (world.grow(0, BUDGET / 2_000)) {
      world.step();
    }
    world.used[0] = 0;
    for (int i = 0; i < 3_000; i++) {
      for (int shard = 0; shard < shards; shard++) {
        boolean unused = world.grow(shard, BUDGET / shards / 2_000);
      }
      world.step();
    }
    for (int shard = 0; shard < shards; shard++) {
      assertThat(world.used[shard] * shards)
          .as("shard %d, seed %d", shard, seed)
          .isBetween(BUDGET / 100 * 90, BUDGET / 100 * 110);
    }
    world.expectSilence();
  }

  /** Whoever comes late to a full cluster that evicts is not starved. */
  @Test
  void underLruSharesFollowEvictionsSlowly() {
    World world = new World(4, EvictionPolicy.ALLKEYS_LRU);
    for (int i = 0; i < 3_000; i++) {
      boolean unused = world.grow(0, BUDGET / 1_000);
      world.step();
    }
    assertThat(world.limit(0)).isGreaterThan(BUDGET / 10 * 9);
    for (int i = 0; i < 20_000; i++) {
      for (int shard = 1; shard < 4; shard++) {
        boolean unused = world.grow(shard, BUDGET / 1_000);
      }
      world.step();
    }
    for (int shard = 1; shard < 4; shard++) {
      assertThat(world.limit(shard)).as("share of %d", shard).isGreaterThan(BUDGET / 10);
    }
    // The same need everywhere: nothing moves any more.
    for (int i = 0; i < 3_000; i++) {
      for (int shard = 0; shard < 4; shard++) {
        boolean unused = world.grow(shard, world.limit(shard) / 100);
      }
      world.step();
    }
    int settled = world.deals;
    for (int i = 0; i < 3_000; i++) {
      for (int shard = 0; shard < 4; shard++) {
        boolean unused = world.grow(shard, world.limit(shard) / 100);
      }
      world.step();
    }
    assertThat(world.deals).isEqualTo(settled);
  }

  /** What is free can be dealt; what others held cannot, as long as one node may still go by it. */
  @Test
  void whileANodeIsAwayNothingIsTakenFromOneShardForAnother() {
    World world = new World(4, EvictionPolicy.NOEVICTION);
    world.answered = false;
    while (world.grow(0, BUDGET / 2_000)) {
      world.step();
    }
    assertThat(world.used[0]).isLessThanOrEqualTo(BUDGET / 4);
    world.expectSilence();
    world.answered = true;
    for (int i = 0; i < 20; i++) {
      world.step();
    }
    assertThat(world.grow(0, BUDGET / 4)).isTrue();
  }

  @Test
  void aLoweredBudgetKeepsTheProportions() {
    World world = new World(4, EvictionPolicy.NOEVICTION);
    while (world.grow(0, BUDGET / 2_000)) {
      world.step();
    }
    long before = world.limit(0);
    world.budget(BUDGET / 2, EvictionPolicy.NOEVICTION);
    assertThat(world.limit(0)).isBetween(before / 2 - 1, before / 2);
    world.expectSilence();
    world.budget(BUDGET, EvictionPolicy.NOEVICTION);
    world.expectSilence();
    assertThat(world.limit(0)).isGreaterThanOrEqualTo(world.used[0]);
  }
}
