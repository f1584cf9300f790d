package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;

/**
 * Shows that under a memory limit a shard answers and evicts exactly as a sorted list would, never
 * exceeds the limit, and that replicas stay equal, one of them restored from snapshots now and
 * then; by random histories of writes, touches, clock steps and changes of limit and policy.
 */
class EvictionProperties {
  sealed interface Step {}

  record Write(long delta, List<List<String>> calls) implements Step {}

  record Touch(List<String> keys) implements Step {}

  record Limit(long bytes, EvictionPolicy policy, boolean late) implements Step {}

  record Tick(long delta) implements Step {}

  record Restore() implements Step {}

  @Property(tries = 1000, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
  void evictsAsASortedListWould(
      @ForAll("histories") List<Step> history, @ForAll("paces") ShardState.Pace pace) {
    NaiveMemory model = new NaiveMemory(pace.victims());
    ShardState steady = new ShardState(pace);
    ShardState restored = new ShardState(pace);
    long clock = 1_000_000;
    long index = 0;
    long sequence = 0;
    long revision = 0;
    for (Step step : history) {
      if (step instanceof Restore) {
        ShardState fresh = new ShardState(pace);
        fresh.installSnapshot(steady.takeSnapshot());
        restored = fresh;
        assertEqual(steady, restored, model);
        continue;
      }
      byte[] entry;
      List<Reply> expected = new ArrayList<>();
      if (step instanceof Write write) {
        clock += write.delta();
        sequence++;
        List<Invocation> calls = write.calls().stream().map(Shard::call).toList();
        entry = Shard.batch(clock, sequence, Math.max(0, sequence - 3), calls);
        model.beginEntry(clock);
        write.calls().forEach(call -> expected.add(model.execute(call)));
      } else if (step instanceof Touch touch) {
        model.beginEntry(clock);
        TouchBuilder touches = new TouchBuilder();
        for (String key : touch.keys()) {
          // What is recorded is older than what is known: the key may be gone since.
          touches.add(Hash.of(NaiveStore.words(List.of(key))[0]));
        }
        List<String> lastUses = new ArrayList<>();
        for (String key : touch.keys()) {
          lastUses.remove(key);
          lastUses.add(key);
        }
        lastUses.forEach(model.store()::use);
        entry = Proposal.touch(clock, touches);
      } else if (step instanceof Limit limit) {
        model.beginEntry(clock);
        long its = limit.late() ? revision : ++revision;
        entry = Proposal.memoryLimit(clock, new MemoryLimit(its, limit.bytes(), limit.policy()));
        if (!limit.late()) {
          model.setLimit(limit.bytes(), limit.policy());
        }
      } else {
        clock += ((Tick) step).delta();
        model.beginEntry(clock);
        entry = Proposal.tick(clock);
      }
      model.endEntry();
      index++;
      Outcome outcome = steady.apply(index, entry);
      assertThat(restored.apply(index, entry)).isEqualTo(outcome);
      if (step instanceof Write write) {
        List<Reply> replies = ReplyCodec.decode(((Outcome.Applied) outcome).replies());
        assertThat(replies).as("%s", write).isEqualTo(expected);
      }
      assertEqual(steady, restored, model);
    }
    steady.check();
    restored.check();
    // In the end one key after the other, so that the whole order is compared.
    for (int left = model.store().keys().size(); left > 0; left--) {
      model.setLimit(1, EvictionPolicy.ALLKEYS_LRU);
      MemoryLimit limit = new MemoryLimit(++revision, 1, EvictionPolicy.ALLKEYS_LRU);
      model.beginEntry(clock);
      model.endEntry();
      byte[] entry = Proposal.memoryLimit(clock, limit);
      index++;
      steady.apply(index, entry);
      restored.apply(index, entry);
      assertEqual(steady, restored, model);
    }
    assertThat(steady.isSinking()).isFalse();
  }

  private static void assertEqual(ShardState steady, ShardState restored, NaiveMemory model) {
    assertThat(restored.digest()).isEqualTo(steady.digest());
    assertThat(restored.stats()).isEqualTo(steady.stats());
    assertThat(restored.memoryLimit()).isEqualTo(steady.memoryLimit());
    assertThat(ShardStateProperties.texts(steady.read(Shard.call("KEYS", "*"), 0)))
        .isEqualTo(new HashSet<>(model.store().keys()));
    assertThat(steady.stats().evictedKeys()).isEqualTo(model.evicted());
    assertThat(steady.stats().logicalBytes()).isEqualTo(model.store().bytes());
  }

  /**
   * Shows that the limit holds after every entry from when it was first reached, by entries that
   * would pass it by far, and that a lowered one is approached with each.
   */
  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void theLimitHoldsAfterEveryEntry(
      @ForAll("histories") List<Step> history, @ForAll("policies") EvictionPolicy policy) {
    Shard shard = new Shard();
    long revision = 0;
    long limit = 1200;
    apply(shard, Proposal.memoryLimit(shard.stamp, new MemoryLimit(++revision, limit, policy)));
    for (Step step : history) {
      long before = shard.state.stats().logicalBytes();
      if (step instanceof Write write) {
        shard.stamp += Math.max(0, write.delta());
        shard.write(write.calls().stream().map(Shard::call).toList());
      } else if (step instanceof Limit change && change.bytes() > 0) {
        limit = change.bytes();
        apply(shard, Proposal.memoryLimit(shard.stamp, new MemoryLimit(++revision, limit, policy)));
      }
      long after = shard.state.stats().logicalBytes();
      assertThat(after).isLessThanOrEqualTo(Math.max(limit, before));
      if (policy == EvictionPolicy.ALLKEYS_LRU) {
        assertThat(after).isLessThanOrEqualTo(limit);
      }
    }
  }

  private static void apply(Shard shard, byte[] entry) {
    shard.state.apply(++shard.index, entry);
  }

  @Provide
  Arbitrary<EvictionPolicy> policies() {
    return Arbitraries.of(EvictionPolicy.class);
  }

  /** From never freeing anything to freeing everything at once. */
  @Provide
  Arbitrary<ShardState.Pace> paces() {
    return Arbitraries.of(
        new ShardState.Pace(0, 0, 0, 1),
        new ShardState.Pace(1, 0, 2, 2),
        ShardState.Pace.PRODUCTION);
  }

  @Provide
  Arbitrary<List<Step>> histories() {
    Arbitrary<Long> delta =
        Arbitraries.frequencyOf(
            Tuple.of(5, Arbitraries.longs().between(-20, 20)),
            Tuple.of(2, Arbitraries.longs().between(0, 2_000)));
    Arbitrary<Step> write =
        Combinators.combine(delta, call().list().ofMinSize(0).ofMaxSize(4)).as(Write::new);
    Arbitrary<Step> touch = key().list().ofMaxSize(5).map(Touch::new);
    Arbitrary<Step> limit =
        Combinators.combine(
                Arbitraries.frequencyOf(
                    Tuple.of(1, Arbitraries.just(0L)),
                    Tuple.of(8, Arbitraries.longs().between(1, 2_500))),
                Arbitraries.frequency(
                    Tuple.of(1, EvictionPolicy.NOEVICTION),
                    Tuple.of(3, EvictionPolicy.ALLKEYS_LRU),
                    Tuple.of(3, EvictionPolicy.VOLATILE_LRU)),
                Arbitraries.frequency(Tuple.of(9, false), Tuple.of(1, true)))
            .as(Limit::new);
    return Arbitraries.frequencyOf(
            Tuple.of(12, write),
            Tuple.of(3, touch),
            Tuple.of(2, limit),
            Tuple.of(2, delta.map(d -> (Step) new Tick(d))),
            Tuple.of(1, Arbitraries.just((Step) new Restore())))
        .list()
        .ofMinSize(1)
        .ofMaxSize(60)
        .withSizeDistribution(RandomDistribution.uniform());
  }

  private static Arbitrary<String> key() {
    return Arbitraries.integers().between(0, 15).map(i -> "k" + i + "-".repeat(i % 4 * 20));
  }

  private static Arbitrary<String> value() {
    return Arbitraries.frequencyOf(
        Tuple.of(4, Arbitraries.integers().between(0, 120).map("v"::repeat)),
        Tuple.of(1, Arbitraries.integers().between(0, 1500).map("w"::repeat)),
        Tuple.of(1, Arbitraries.integers().between(-20, 2000).map(String::valueOf)));
  }

  private static Arbitrary<String> millis() {
    return Arbitraries.integers().between(1, 3000).map(String::valueOf);
  }

  private static Arbitrary<List<String>> call() {
    Arbitrary<String> key = key();
    Arbitrary<String> value = value();
    return Arbitraries.frequencyOf(
        Tuple.of(6, Combinators.combine(key, value).as((k, v) -> List.of("SET", k, v))),
        Tuple.of(
            5,
            Combinators.combine(key, value, millis())
                .as((k, v, t) -> List.of("SET", k, v, "PX", t))),
        Tuple.of(1, Combinators.combine(key, value).as((k, v) -> List.of("SET", k, v, "KEEPTTL"))),
        Tuple.of(
            1, Combinators.combine(key, value).as((k, v) -> List.of("SET", k, v, "XX", "GET"))),
        Tuple.of(
            2,
            Combinators.combine(Arbitraries.of("APPEND", "SETNX", "GETSET"), key, value)
                .as(List::of)),
        Tuple.of(
            1,
            Combinators.combine(key, Arbitraries.integers().between(0, 300), value)
                .as((k, at, v) -> List.of("SETRANGE", k, String.valueOf(at), v))),
        Tuple.of(
            3,
            Combinators.combine(Arbitraries.of("MSET", "MSETNX"), key, value, key, value)
                .as(List::of)),
        Tuple.of(
            1,
            Combinators.combine(key, value, key, value, key, value)
                .as((a, b, c, d, e, f) -> List.of("MSET", a, b, c, d, e, f))),
        Tuple.of(
            2, Combinators.combine(Arbitraries.of("RENAME", "RENAMENX"), key, key).as(List::of)),
        Tuple.of(2, Combinators.combine(Arbitraries.of("INCR", "DECR"), key).as(List::of)),
        Tuple.of(2, Combinators.combine(Arbitraries.of("GETEX", "PERSIST"), key).as(List::of)),
        Tuple.of(2, Combinators.combine(key, millis()).as((k, t) -> List.of("PEXPIRE", k, t))),
        Tuple.of(1, Combinators.combine(Arbitraries.of("GETDEL", "DEL"), key).as(List::of)),
        Tuple.of(1, key.map(k -> List.of("GET", k))));
  }
}
