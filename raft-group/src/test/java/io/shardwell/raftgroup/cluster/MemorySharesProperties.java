package io.shardwell.raftgroup.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.MemoryLimit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.statistics.Statistics;

/**
 * Shows that the limits in force on a node never add up to more than its budget, whatever happens:
 * leaders that propose from maps of long ago, deals of dealers that know nothing, messages lost,
 * doubled and late, nodes that fall back to what they have on disk or are replaced by empty ones,
 * budgets raised, lowered, and taken away. Each shard is modelled as a log of limits and, by node,
 * how far it is applied there; `meta` is the real one.
 */
class MemorySharesProperties {
  private static final int STEPS = 4_000;

  @Property(tries = 40, shrinking = ShrinkingMode.OFF)
  void theLimitsOnANodeNeverPassItsBudget(@ForAll long seed) {
    World world = new World(seed);
    world.run();
    Statistics.label("shares were raised").collect(world.raises > 0);
    Statistics.label("shares were raised")
        .coverage(coverage -> coverage.check(true).percentage(p -> p > 25));
  }

  /** What a shard has agreed on, and how far each node is. */
  private static final class Log {
    final List<MemoryLimit> entries = new ArrayList<>();
    final Map<String, Integer> applied = new HashMap<>();
    final Map<String, Integer> durable = new HashMap<>();

    /** As {@code ShardState} takes them: a revision that is not above the last does nothing. */
    MemoryLimit limit(int length) {
      MemoryLimit limit = MemoryLimit.NONE;
      for (MemoryLimit entry : entries.subList(0, length)) {
        limit = entry.revision() > limit.revision() ? entry : limit;
      }
      return limit;
    }

    MemoryLimit appliedOn(String node) {
      return limit(applied.getOrDefault(node, 0));
    }
  }

  private static final class World {
    final Random random;
    final ReplicaLayout layout;
    final List<String> nodes = new ArrayList<>();
    final List<Log> logs = new ArrayList<>();
    final MetaState meta;
    final List<ClusterMap> maps = new ArrayList<>();
    final List<byte[]> post = new ArrayList<>();
    final Map<String, Long> incarnations = new TreeMap<>();
    final Map<String, Long> ceilings = new HashMap<>();
    long metaIndex;
    long changes;
    int raises;

    // By node and shard the newest limit it ever went by. A replica that replays its log goes
    // through those of the past again, with the keys of the past.
    final Map<String, MemoryLimit[]> newest = new HashMap<>();

    World(long seed) {
      random = new Random(seed);
      int count = random.nextBoolean() ? 3 : 5;
      for (int i = 1; i <= count; i++) {
        nodes.add("n" + i);
        incarnations.put("n" + i, (long) i);
      }
      int shards = 1 + random.nextInt(6);
      ClusterTable table = new ClusterTable(new TreeMap<>(incarnations), shards, 3);
      meta = new MetaState(table);
      layout = new ReplicaLayout(Placement.of(nodes, shards, 3).members());
      for (int shard = 0; shard < shards; shard++) {
        logs.add(new Log());
      }
      for (String node : nodes) {
        MemoryLimit[] none = new MemoryLimit[shards];
        Arrays.fill(none, MemoryLimit.NONE);
        newest.put(node, none);
        ceilings.put(node, Long.MAX_VALUE);
      }
      maps.add(meta.map());
    }

    void run() {
      for (int i = 0; i < STEPS; i++) {
        step();
        check();
      }
      assertThat(ClusterMap.decode(meta.map().encode())).isEqualTo(meta.map());
    }

    private void step() {
      int shard = random.nextInt(logs.size());
      Log log = logs.get(shard);
      String node = layout.nodesOf(shard).get(random.nextInt(3));
      switch (random.nextInt(12)) {
        case 0, 1 -> {
          // Some leader, with the newest map or one of some time ago.
          int back = random.nextInt(3) == 0 ? random.nextInt(maps.size()) : 0;
          log.entries.add(maps.get(maps.size() - 1 - back).limitOf(shard));
        }
        case 2, 3, 4, 5, 6 -> {
          int all = log.entries.size();
          log.applied.merge(node, random.nextInt(60), (a, b) -> Math.min(a + b, all));
          log.applied.computeIfPresent(node, (n, at) -> Math.min(at, all));
          if (random.nextBoolean()) {
            log.durable.put(node, log.applied.getOrDefault(node, 0));
          }
        }
        case 7 -> nodes.forEach(each -> post.add(report(each)));
        case 8 -> apply(modestDeal());
        case 9 -> post.add(deal());
        case 10 -> {
          if (random.nextInt(12) == 0) {
            changeBudget();
          }
          if (random.nextInt(6) == 0) {
            crash(nodes.get(random.nextInt(nodes.size())));
          }
        }
        default -> {}
      }
      deliver();
    }

    /** What is under way arrives, in any order; or not, or twice. */
    private void deliver() {
      while (!post.isEmpty() && random.nextInt(3) > 0) {
        int at = random.nextInt(post.size());
        byte[] change = random.nextInt(4) == 0 ? post.get(at) : post.remove(at);
        if (random.nextInt(5) > 0) {
          apply(change);
        }
      }
    }

    private void apply(byte[] change) {
      ClusterMap before = meta.map();
      meta.apply(++metaIndex, change);
      if (!meta.map().equals(before)) {
        maps.add(meta.map());
        raises += raised(before, meta.map());
      }
    }

    private static int raised(ClusterMap before, ClusterMap after) {
      if (before.memory().revision() != after.memory().revision()) {
        return 0;
      }
      int raised = 0;
      for (int shard = 0; shard < after.shares().shares().size(); shard++) {
        if (after.limitOf(shard).bytes() > before.limitOf(shard).bytes()) {
          raised++;
        }
      }
      return raised;
    }

    private byte[] report(String node) {
      SortedMap<Integer, Long> revisions = new TreeMap<>();
      for (int shard = 0; shard < logs.size(); shard++) {
        Log log = logs.get(shard);
        if (layout.nodesOf(shard).contains(node)) {
          int known =
              Math.min(log.durable.getOrDefault(node, 0), log.applied.getOrDefault(node, 0));
          revisions.put(shard, log.limit(known).revision());
        }
      }
      return MetaState.appliedLimits(
          new AppliedLimits(node, incarnations.getOrDefault(node, 0L), revisions));
    }

    /** A dealer that may be of yesterday, and wants anything. */
    private byte[] deal() {
      SortedMap<Integer, Long> grants = new TreeMap<>();
      ClusterMap map = maps.get(Math.max(0, maps.size() - 1 - random.nextInt(2)));
      long budget = Math.max(8, map.memory().bytes());
      for (int shard = 0; shard < logs.size(); shard++) {
        if (random.nextBoolean()) {
          long most = random.nextBoolean() ? budget : 2 * budget / logs.size();
          grants.put(shard, 1 + random.nextLong(most));
        }
      }
      return MetaState.deal(new MemoryDeal(map.lastMemoryRevision(), grants));
    }

    /** A little more for one shard, by a dealer that knows all. */
    private byte[] modestDeal() {
      int shard = random.nextInt(logs.size());
      long bytes = meta.map().limitOf(shard).bytes();
      long more = meta.map().memory().bytes() / 10;
      long granted = random.nextBoolean() ? bytes / 2 + 1 : bytes + random.nextLong(more + 1) + 1;
      return MetaState.deal(
          new MemoryDeal(meta.map().lastMemoryRevision(), new TreeMap<>(Map.of(shard, granted))));
    }

    private void changeBudget() {
      long bytes = random.nextInt(6) == 0 ? 0 : 100 + random.nextInt(10_000);
      apply(
          MetaState.memoryChange(
              new MemoryChange(
                  "n1",
                  incarnations.getOrDefault("n1", 0L),
                  ++changes,
                  false,
                  bytes,
                  EvictionPolicy.NOEVICTION)));
    }

    /** Back to what is on disk; or to nothing, under another incarnation. */
    private void crash(String node) {
      boolean loses = !node.equals("n1") && random.nextInt(4) == 0;
      if (loses) {
        long old = incarnations.getOrDefault(node, 0L);
        incarnations.put(node, old + 100);
        apply(MetaState.replacement(node, old, old + 100));
      }
      for (Log log : logs) {
        int durable = loses ? 0 : log.durable.getOrDefault(node, 0);
        log.durable.put(node, durable);
        log.applied.put(node, random.nextInt(durable + 1));
      }
    }

    private void check() {
      MemoryLimit budget = meta.map().memory();
      for (String node : nodes) {
        long sum = 0;
        boolean goesByBudget = true;
        MemoryLimit[] limits = Objects.requireNonNull(newest.get(node));
        for (int shard = 0; shard < logs.size(); shard++) {
          if (!layout.nodesOf(shard).contains(node)) {
            continue;
          }
          MemoryLimit applied = logs.get(shard).appliedOn(node);
          if (applied.revision() > limits[shard].revision()) {
            limits[shard] = applied;
          }
          long bytes = limits[shard].isOn() ? limits[shard].bytes() : Long.MAX_VALUE;
          sum = sum + bytes < 0 ? Long.MAX_VALUE : sum + bytes;
          goesByBudget &= limits[shard].revision() >= budget.revision();
        }
        long most = budget.isOn() ? budget.bytes() : Long.MAX_VALUE;
        long ceiling = goesByBudget ? most : Math.max(most, ceilings.getOrDefault(node, 0L));
        ceilings.put(node, ceiling);
        assertThat(sum).as("limits on %s", node).isLessThanOrEqualTo(ceiling);
      }
    }
  }
}
