package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.constraints.IntRange;

/**
 * Shows that the key table and the deadline index keep their invariants and agree with sorted
 * lists, also where hashes collide or crowd under one prefix.
 */
class TableProperties {
  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void theKeyTableHoldsWhatItWasGiven(
      @ForAll("operations") List<Integer> operations,
      @ForAll @IntRange(max = 3) int crowding,
      @ForAll EvictionPolicy policy) {
    KeyTable table = new KeyTable();
    table.rankFor(policy);
    Map<Integer, Long> model = new TreeMap<>();
    long time = 0;
    for (int operation : operations) {
      int number = Math.abs(operation);
      byte[] key = String.valueOf(number).getBytes(StandardCharsets.UTF_8);
      long hash = hash(number, crowding);
      boolean present = table.seek(key, hash);
      assertThat(present).isEqualTo(model.containsKey(number));
      time++;
      if (operation < 0 && present) {
        table.remove();
        model.remove(number);
      } else if (operation >= 0) {
        if (present) {
          table.replace(key, value(time), deadline(time), time, time);
        } else {
          table.insert(hash, key, value(time), deadline(time), time, time);
        }
        model.put(number, time);
      }
      if (time % 50 == 0) {
        assertThat(table.seekOldest() ? table.recency() : 0).isEqualTo(oldest(model, policy));
      }
    }
    table.check();
    table.rankFor(EvictionPolicy.VOLATILE_LRU);
    table.check();
    assertThat(table.size()).isEqualTo(model.size());
    Map<Integer, Long> found = new TreeMap<>();
    List<Long> order = new ArrayList<>();
    for (boolean more = table.first(0); more; more = table.next()) {
      int number = Integer.parseInt(new String(table.key(), StandardCharsets.UTF_8));
      found.put(number, table.version());
      assertThat(table.value(Integer.MAX_VALUE)).isEqualTo(value(table.version()));
      order.add(table.hash());
    }
    assertThat(found).isEqualTo(model);
    assertThat(order).isSortedAccordingTo(Comparator.comparing(Long::toUnsignedString, longer()));
  }

  /** Of many lengths, few of them large. */
  private static byte[] value(long time) {
    byte[] value = new byte[time % 50 == 0 ? Records.LARGE_BYTES : (int) (time % 7) * 20];
    Arrays.fill(value, (byte) time);
    return value;
  }

  /** Some entries have none. */
  private static long deadline(long time) {
    return time % 3 == 0 ? Keyspace.NO_DEADLINE : time;
  }

  private static long oldest(Map<Integer, Long> model, EvictionPolicy policy) {
    return model.values().stream()
        .mapToLong(time -> time)
        .filter(
            time ->
                policy == EvictionPolicy.ALLKEYS_LRU
                    || (policy == EvictionPolicy.VOLATILE_LRU && time % 3 != 0))
        .min()
        .orElse(0);
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void theDeadlineIndexAgreesWithASortedList(@ForAll("deadlineSteps") List<DeadlineStep> steps) {
    DeadlineIndex index = new DeadlineIndex(0);
    List<long[]> model = new ArrayList<>();
    long time = 0;
    for (DeadlineStep step : steps) {
      if (step.advance() > 0) {
        long to = time + step.advance();
        long gone = model.stream().filter(i -> i[0] <= to).count();
        long before = index.goneCount();
        assertThat(index.advance(to)).isEqualTo(gone - before);
        time = to;
      } else if (step.remove() && !model.isEmpty()) {
        long[] item = model.remove(step.hash() % model.size());
        index.remove(item[0], item[1], (int) item[2]);
      } else {
        for (int i = 0; i < step.times(); i++) {
          long[] item = {time + 1 + (step.hash() + i) % 40, step.hash() % 5, 1 + i % 2};
          index.add(item[0], item[1], (int) item[2]);
          model.add(item);
        }
      }
      long now = time;
      assertThat(index.count()).isEqualTo(model.size());
      assertThat(index.goneCount()).isEqualTo(model.stream().filter(i -> i[0] <= now).count());
      assertThat(index.goneWeight())
          .isEqualTo(model.stream().filter(i -> i[0] <= now).mapToLong(i -> i[2]).sum());
      assertThat(index.earliest())
          .isEqualTo(model.stream().mapToLong(i -> i[0]).min().orElse(Long.MAX_VALUE));
      assertThat(index.earliestLive())
          .isEqualTo(
              model.stream()
                  .mapToLong(i -> i[0])
                  .filter(d -> d > now)
                  .min()
                  .orElse(Long.MAX_VALUE));
    }
    index.check();
  }

  record DeadlineStep(int advance, boolean remove, int hash, int times) {}

  /** Even hashes, or all under one prefix, or five values only, or one. */
  static long hash(int number, int crowding) {
    long even = Hash.of(String.valueOf(number).getBytes(StandardCharsets.UTF_8));
    return switch (crowding) {
      case 0 -> even;
      case 1 -> even >>> 40;
      case 2 -> Long.MIN_VALUE + number % 5;
      default -> -1;
    };
  }

  private static Comparator<String> longer() {
    return Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder());
  }

  @Provide
  Arbitrary<List<Integer>> operations() {
    return Arbitraries.integers()
        .between(-700, 900)
        .withDistribution(RandomDistribution.uniform())
        .list()
        .ofMaxSize(4000)
        .withSizeDistribution(RandomDistribution.uniform());
  }

  @Provide
  Arbitrary<List<DeadlineStep>> deadlineSteps() {
    return Combinators.combine(
            Arbitraries.of(0, 0, 0, 1, 7, 50),
            Arbitraries.of(true, false),
            Arbitraries.integers().between(0, 1000),
            Arbitraries.of(1, 3, 90))
        .as(DeadlineStep::new)
        .list()
        .ofMaxSize(120)
        .withSizeDistribution(RandomDistribution.uniform());
  }
}
