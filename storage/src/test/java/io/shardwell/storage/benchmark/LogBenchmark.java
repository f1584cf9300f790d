package io.shardwell.storage.benchmark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Syncs, appends and bytes per second of the log with one fdatasync per turn, at several numbers of
 * writers and shards, beside a plain loop of write and fdatasync of the same bytes on the same
 * disk. The three take turns in short rounds, because a disk is never the same for long; figures
 * are medians over the rounds.
 *
 * <p>Arguments: a folder on the disk to be measured, rounds (7), milliseconds of a measurement
 * (700). See docs/benchmarks.md.
 */
public final class LogBenchmark {
  private static final int[] WRITERS = {1, 16, 256};
  private static final int[] SHARDS = {1, 16, 64};

  // Of a turn's batch and of each record in it: docs/storage-format.md.
  private static final int BATCH_HEADER_BYTES = 32;
  private static final int RECORD_HEADER_BYTES = 24;
  private static final int ALIGNMENT = 8;

  private final Path directory;
  private final int rounds;
  private final long nanos;
  private final ExecutorService ioThread = Executors.newSingleThreadExecutor(LogBenchmark::daemon);
  private final long ioThreadId;

  private LogBenchmark(Path directory, int rounds, long nanos) {
    this.directory = directory;
    this.rounds = rounds;
    this.nanos = nanos;
    ioThreadId =
        CompletableFuture.supplyAsync(() -> Thread.currentThread().getId(), ioThread).join();
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "benchmark-disk");
    thread.setDaemon(true);
    return thread;
  }

  /** Measures and prints. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments.length == 0) {
      System.err.println("arguments: DIRECTORY [ROUNDS] [MILLISECONDS]");
      System.exit(2);
    }
    Path directory = Files.createTempDirectory(Path.of(arguments[0]), "log-benchmark");
    int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 7;
    int millis = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 700;
    try {
      LogBenchmark benchmark =
          new LogBenchmark(directory, rounds, TimeUnit.MILLISECONDS.toNanos(millis));
      benchmark.all();
    } finally {
      delete(directory);
    }
  }

  private void all() throws IOException, InterruptedException {
    System.out.printf(
        "%d rounds of %d ms, medians; records of %d bytes; one fdatasync per turn%n",
        rounds, TimeUnit.NANOSECONDS.toMillis(nanos), LogUnderTest.RECORD_BYTES);
    System.out.println(
        "writers shards | plain/s  +-    2 threads/s | log: syncs/s  of plain  of 2 threads |"
            + "  appends/s    MB/s | allocated: B/turn  B/record");
    try (PlainLoop plain = new PlainLoop(directory.resolve("plain"))) {
      for (int writers : WRITERS) {
        for (int shards : SHARDS) {
          measure(plain, writers, shards);
        }
      }
    }
  }

  private void measure(PlainLoop plain, int writers, int shards)
      throws IOException, InterruptedException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(turnBytes(writers));
    List<Double> alone = new ArrayList<>();
    List<Double> handed = new ArrayList<>();
    List<Measured> log = new ArrayList<>();
    Path node = directory.resolve("node-" + writers + "-" + shards);
    LogUnderTest under = new LogUnderTest(node, ioThread, ioThreadId, writers, shards);
    try {
      // The round before the first is for the compiler.
      for (int round = -1; round < rounds; round++) {
        double onOne = plain.onOneThread(bytes, nanos);
        double onTwo = plain.onTwoThreads(ioThread, bytes, nanos);
        Measured measured = under.round(nanos);
        under.truncate();
        if (round >= 0) {
          alone.add(onOne);
          handed.add(onTwo);
          log.add(measured);
        }
      }
    } finally {
      under.close();
    }
    delete(node);
    double onOne = Measured.median(alone, Double::doubleValue);
    double onTwo = Measured.median(handed, Double::doubleValue);
    double syncs = Measured.median(log, Measured::syncs);
    double perTurn = Measured.median(log, Measured::allocatedPerTurn);
    System.out.printf(
        Locale.ROOT,
        "%7d %6d | %7.0f %3.0f %%  %10.0f | %12.0f  %6.0f %%  %10.0f %% | %10.0f %7.1f |"
            + " %16.0f %9.1f%n",
        writers,
        shards,
        onOne,
        100 * Measured.spread(alone),
        onTwo,
        syncs,
        100 * syncs / onOne,
        100 * syncs / onTwo,
        Measured.median(log, Measured::appends),
        Measured.median(log, Measured::bytes) / 1e6,
        perTurn,
        perTurn / writers);
  }

  /** What a turn of one record from each writer has in the log. */
  private static int turnBytes(int writers) {
    int bytes = BATCH_HEADER_BYTES + writers * (RECORD_HEADER_BYTES + LogUnderTest.RECORD_BYTES);
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private static void delete(Path path) throws IOException {
    try (Stream<Path> all = Files.walk(path)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
