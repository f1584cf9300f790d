package io.shardwell.statemachine.benchmark;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * What one operation on a shard costs, beside a HashMap and Caffeine: nanoseconds of one thread,
 * keys drawn evenly, values of 100 bytes.
 *
 * <p>Operations come in batches of {@value #BATCH}, as one log entry has them; each batch is made
 * before the clock runs. Every combination has a JVM of its own. Arguments: how many keys, several
 * numbers (10000 1000000 10000000). See docs/benchmarks.md.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class OperationsBenchmark {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Operations of a batch. */
  static final int BATCH = 256;

  /** What is compared. */
  public enum Kind {
    /** Ours. */
    SHARD,
    /** java.util.HashMap. */
    HASH_MAP,
    /** Caffeine. */
    CAFFEINE;

    Table emptyTable() {
      return switch (this) {
        case SHARD -> new ShardTable();
        case HASH_MAP -> new HashMapTable();
        case CAFFEINE -> new CaffeineTable();
      };
    }
  }

  /** The thread's own time, in which other processes and collections do not show. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Cpu {
    /** Of the iteration. */
    public long nanos;

    /** Of the iteration. */
    public long operations;
  }

  /** What is compared; set by JMH, as the next two. */
  @Param public Kind kind = Kind.SHARD;

  /** What is done. */
  @Param public Operation operation = Operation.GET;

  /** How many keys there are. */
  @Param("10000")
  public int keys;

  private final Keys source = new Keys();
  private Table table = kind.emptyTable();
  private byte[][] batch = {};

  /** Loads the keys in an order that has nothing to do with their names. */
  @Setup(Level.Trial)
  public void load() {
    table = kind.emptyTable();
    // Odd and prime to the numbers of keys, which are powers of ten: each number once.
    long stride = 7_368_787;
    for (int i = 0; i < keys; i++) {
      byte[] key = Keys.loaded((int) (i * stride % keys));
      table.load(operation, key, source.value(operation));
    }
  }

  /** Draws the keys and makes the batch. */
  @Setup(Level.Invocation)
  public void prepare() {
    batch = new byte[BATCH][];
    byte[][] values = new byte[BATCH][];
    int firstNew = source.below(90_000_000);
    for (int i = 0; i < BATCH; i++) {
      boolean isNew = operation == Operation.SET_NEW;
      batch[i] = isNew ? Keys.absent(firstNew + i) : Keys.loaded(source.below(keys));
      values[i] = source.value(operation);
    }
    table.prepare(operation, batch, values);
  }

  /** What is measured. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void batch(Blackhole sink, Cpu cpu) {
    long begin = THREADS.getCurrentThreadCpuTime();
    table.run(sink);
    cpu.nanos += THREADS.getCurrentThreadCpuTime() - begin;
    cpu.operations += BATCH;
  }

  /** Takes back what is new, so that the number of keys stays. */
  @TearDown(Level.Invocation)
  public void undo() {
    if (operation == Operation.SET_NEW) {
      table.remove(batch);
    }
  }

  /** Runs all combinations and prints a table of medians. */
  public static void main(String[] arguments) throws RunnerException {
    String[] sizes =
        arguments.length > 0 ? arguments : new String[] {"10000", "1000000", "10000000"};
    List<RunResult> results = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      results.addAll(new Runner(options(kind, sizes)).run());
    }
    StringBuilder head = new StringBuilder("| |");
    for (String size : sizes) {
      head.append(" ns, ").append(size).append(" keys | 1000/s and core | wall clock, ns |");
    }
    System.out.printf("%s%n|%s%n", head, "---|".repeat(3 * sizes.length + 1));
    for (Operation operation : Operation.values()) {
      for (Kind kind : Kind.values()) {
        printRow(results, kind, operation, sizes);
      }
    }
  }

  private static Options options(Kind kind, String[] sizes) {
    String[] operations =
        Arrays.stream(Operation.values())
            .filter(each -> kind != Kind.HASH_MAP || each != Operation.EXPIRE)
            .map(Enum::name)
            .toArray(String[]::new);
    return new OptionsBuilder()
        .include(OperationsBenchmark.class.getName() + ".batch")
        .param("kind", kind.name())
        .param("operation", operations)
        .param("keys", sizes)
        .forks(1)
        .warmupIterations(3)
        .warmupTime(TimeValue.seconds(1))
        .measurementIterations(7)
        .measurementTime(TimeValue.milliseconds(700))
        // As in production: assertions and the collector. Caffeine needs the memory.
        .jvmArgs("-Xms5g", "-Xmx5g", "-XX:+AlwaysPreTouch", "-XX:+UseG1GC", "-ea:io.shardwell...")
        .build();
  }

  private static void printRow(
      Collection<RunResult> results, Kind kind, Operation operation, String[] sizes) {
    StringBuilder row = new StringBuilder();
    for (String size : sizes) {
      for (RunResult result : results) {
        if (result.getParams().getParam("kind").equals(kind.name())
            && result.getParams().getParam("operation").equals(operation.name())
            && result.getParams().getParam("keys").equals(size)) {
          double nanos = medianCpuNanos(result);
          double wall = result.getPrimaryResult().getStatistics().getPercentile(50);
          row.append(String.format(Locale.ROOT, " %.0f | %.0f | %.0f |", nanos, 1e6 / nanos, wall));
        }
      }
    }
    if (row.length() > 0) {
      System.out.printf("| %s, %s |%s%n", operation, kind, row);
    }
  }

  private static double medianCpuNanos(RunResult result) {
    double[] nanos =
        result.getBenchmarkResults().stream()
            .flatMap(fork -> fork.getIterationResults().stream())
            .mapToDouble(each -> counted(each, "nanos") / counted(each, "operations"))
            .sorted()
            .toArray();
    return nanos[nanos.length / 2];
  }

  private static double counted(IterationResult iteration, String name) {
    return Objects.requireNonNull(iteration.getSecondaryResults().get(name)).getScore();
  }
}
