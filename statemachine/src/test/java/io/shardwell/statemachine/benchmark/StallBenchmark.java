package io.shardwell.statemachine.benchmark;

import io.shardwell.statemachine.BatchBuilder;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.FrozenShard;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.Proposal;
import io.shardwell.statemachine.SessionKey;
import io.shardwell.statemachine.ShadowShard;
import io.shardwell.statemachine.ShardState;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * How long the single steps are that a shard's thread takes while a snapshot is written under
 * writes, while it is installed, and while all keys expire at once; and what values of up to 16 MiB
 * make of them. Counts the thread's CPU time, so that neither collections nor other processes are
 * in the figures.
 *
 * <p>Argument: keys (1 000 000). See docs/benchmarks.md.
 */
public final class StallBenchmark {
  private static final SessionKey SESSION = new SessionKey("n1", 1, 1);
  private static final int BATCH = 50;

  private final ShardState state = new ShardState();
  private final Random random = new Random(1);
  private final int keys;
  private long index;
  private long sequence;
  private long clock = 1_000_000;

  private StallBenchmark(int keys) {
    this.keys = keys;
  }

  /** Runs and prints. */
  public static void main(String[] arguments) {
    int keys = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1_000_000;
    StallBenchmark benchmark = new StallBenchmark(keys);
    benchmark.load();
    for (int round = 0; round < 3; round++) {
      benchmark.snapshot();
    }
    benchmark.extraMemory();
    benchmark.expiry();
    for (int valueBytes : new int[] {64 * 1024, 1024 * 1024, Limits.MAX_VALUE_BYTES}) {
      for (int round = 0; round < 2; round++) {
        largeValues(valueBytes);
      }
    }
  }

  /** Steps that cannot be divided: one large value written, taken into a snapshot, and read. */
  private static void largeValues(int valueBytes) {
    int values = 20;
    StallBenchmark benchmark = new StallBenchmark(values);
    byte[] value = new byte[valueBytes];
    benchmark.random.nextBytes(value);
    List<Long> applies = new ArrayList<>();
    for (int i = 0; i < 2 * values; i++) {
      byte[] key = ("key:" + i % values).getBytes(StandardCharsets.ISO_8859_1);
      applies.add(benchmark.apply(List.of(Invocation.of(Command.SET, key, value))));
    }
    FrozenShard view = benchmark.state.freeze(Limits.MAX_CHUNK_BYTES);
    List<Long> steps = new ArrayList<>();
    List<Long> reads = new ArrayList<>();
    ShadowShard shadow = new ShadowShard();
    for (int chunks = 0; chunks < view.chunkCount(); ) {
      long begin = cpu();
      byte[] chunk = view.write(128);
      steps.add(cpu() - begin);
      if (chunk != null) {
        chunks++;
        long read = cpu();
        shadow.add(chunk);
        reads.add(cpu() - read);
      }
    }
    new ShardState().installShadow(shadow);
    System.out.printf(
        Locale.ROOT,
        "values of %d KiB: SET %s; steps of a snapshot %s; a chunk is read %s%n",
        valueBytes / 1024,
        describe(applies),
        describe(steps),
        describe(reads));
  }

  private void load() {
    for (int first = 0; first < keys; first += BATCH) {
      List<Invocation> calls = new ArrayList<>();
      for (int key = first; key < Math.min(keys, first + BATCH); key++) {
        calls.add(call("SET", "key:" + key, value()));
      }
      apply(calls);
    }
  }

  private void snapshot() {
    long begin = cpu();
    FrozenShard view = state.freeze(Limits.MAX_CHUNK_BYTES);
    long freeze = cpu() - begin;
    List<Long> steps = new ArrayList<>();
    List<Long> applies = new ArrayList<>();
    List<byte[]> chunks = new ArrayList<>();
    long bytes = 0;
    int pages = 0;
    while (chunks.size() < view.chunkCount()) {
      // Twice as much time for writes as for the snapshot, as a node does it.
      long used = 0;
      for (int i = 0; i < 8 && chunks.size() < view.chunkCount(); i++) {
        long step = cpu();
        byte[] chunk = view.write(128);
        steps.add(cpu() - step);
        used += steps.get(steps.size() - 1);
        if (chunk != null) {
          chunks.add(chunk);
          bytes += chunk.length;
        }
      }
      pages = Math.max(pages, view.keptPages());
      for (long wrote = 0; wrote < 2 * used; wrote += applies.get(applies.size() - 1)) {
        applies.add(overwrite());
      }
    }
    System.out.printf(
        Locale.ROOT,
        "snapshot of %d keys: freeze %.3f ms; %d chunks, %.0f MB, %.2f s in steps of %s;"
            + " %d writes meanwhile, batches of %d: %s; pages kept at most %d%n",
        keys,
        freeze / 1e6,
        chunks.size(),
        bytes / 1e6,
        steps.stream().mapToLong(s -> s).sum() / 1e9,
        describe(steps),
        applies.size() * BATCH,
        BATCH,
        describe(applies),
        pages);
    List<Long> reads = new ArrayList<>();
    ShadowShard shadow = new ShadowShard();
    for (byte[] chunk : chunks) {
      long read = cpu();
      shadow.add(chunk);
      reads.add(cpu() - read);
    }
    long swap = cpu();
    new ShardState().installShadow(shadow);
    System.out.printf(
        Locale.ROOT,
        "install: %.2f s in chunks of %s; swap %.3f ms%n",
        reads.stream().mapToLong(r -> r).sum() / 1e9,
        describe(reads),
        (cpu() - swap) / 1e6);
  }

  /** What a view holds on top of the shard, at ten moments of a snapshot under the same writes. */
  private void extraMemory() {
    long before = heap();
    FrozenShard view = state.freeze(Limits.MAX_CHUNK_BYTES);
    int chunks = 0;
    long most = 0;
    for (int look = 1; look <= 10; look++) {
      for (; chunks < view.chunkCount() * look / 10; chunks++) {
        while (view.write(128) == null) {
          overwrite();
        }
      }
      most = Math.max(most, heap() - before);
    }
    System.out.printf(
        Locale.ROOT, "extra memory: %.1f MB on top of %.1f MB%n", most / 1e6, before / 1e6);
  }

  private static long heap() {
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private long overwrite() {
    List<Invocation> calls = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      calls.add(call("SET", "key:" + random.nextInt(keys), value()));
    }
    return apply(calls);
  }

  private void expiry() {
    long deadline = clock + 1_000_000;
    for (int first = 0; first < keys; first += BATCH) {
      List<Invocation> calls = new ArrayList<>();
      for (int key = first; key < Math.min(keys, first + BATCH); key++) {
        String millis = String.valueOf(deadline + key % 1_000);
        calls.add(call("PEXPIREAT", "key:" + key, millis));
      }
      apply(calls);
    }
    List<Long> before = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      before.add(apply(others()));
    }
    clock = deadline;
    List<Long> during = new ArrayList<>();
    while (clock < deadline + 1_100 || state.stats().uncollectedKeys() > 0) {
      during.add(apply(others()));
      clock += during.size() % 4 == 0 ? 1 : 0;
    }
    System.out.printf(
        Locale.ROOT,
        "expiry of %d keys within a second: batches of %d before: %s; meanwhile: %s%n",
        keys,
        BATCH,
        describe(before),
        describe(during));
  }

  private List<Invocation> others() {
    List<Invocation> calls = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      calls.add(call("SET", "other:" + random.nextInt(10_000), value()));
    }
    return calls;
  }

  private String value() {
    return "v".repeat(90) + random.nextInt(1_000_000_000);
  }

  private static Invocation call(String... words) {
    byte[][] bytes = new byte[words.length][];
    for (int i = 0; i < words.length; i++) {
      bytes[i] = words[i].getBytes(StandardCharsets.ISO_8859_1);
    }
    return ((Invocation.Ok) Invocation.parse(bytes)).invocation();
  }

  /** Nanoseconds of the thread's time. */
  private long apply(List<Invocation> calls) {
    BatchBuilder batch = new BatchBuilder();
    calls.forEach(batch::add);
    sequence++;
    byte[] entry = Proposal.batch(clock, batch.build(SESSION, sequence, sequence - 1));
    long begin = cpu();
    var unused = state.apply(++index, entry);
    return cpu() - begin;
  }

  private static long cpu() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static String describe(List<Long> nanos) {
    long[] sorted = nanos.stream().mapToLong(n -> n).toArray();
    Arrays.sort(sorted);
    return String.format(
        Locale.ROOT,
        "%.3f ms (p99.9 %.3f, longest %.3f)",
        sorted[sorted.length / 2] / 1e6,
        sorted[(int) (0.999 * (sorted.length - 1))] / 1e6,
        sorted[sorted.length - 1] / 1e6);
  }
}
