package io.shardwell.jepsen.benchmark;

import io.shardwell.server.client.LocalPorts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.exceptions.JedisException;

/**
 * How long other commands stand still while a node with one shard works off something large: a
 * million keys that expire at the same moment, or snapshots under as many writes as it takes. A
 * probe sends one GET after the other over a connection of its own; a pause is the time of one.
 *
 * <p>Arguments: the launcher (bin/shardwell), {@code expiry}, {@code snapshot} or {@code both},
 * keys (1 000 000), seconds of each measurement (30), nodes (1). All commands go to the first node,
 * whose snapshots and heap are looked at, whoever leads. See docs/benchmarks.md.
 */
public final class StallBenchmark {
  private static final int VALUE_BYTES = 100;
  private static final int PIPELINED = 500;
  private static final int TIMEOUT_MILLIS = 60_000;
  private static final Pattern HEAP = Pattern.compile("used_memory_heap:([0-9]+)");

  private final Path launcher;
  private final Path directory;
  private final List<Integer> peerPorts;
  private final List<Integer> ports;
  private final int keys;
  private final int seconds;

  private volatile boolean stopped;

  private StallBenchmark(Path launcher, Path directory, int nodes, int keys, int seconds)
      throws IOException {
    this.launcher = launcher;
    this.directory = directory;
    this.keys = keys;
    this.seconds = seconds;
    List<Integer> reserved = LocalPorts.reserve(2 * nodes);
    peerPorts = reserved.subList(0, nodes);
    ports = reserved.subList(nodes, 2 * nodes);
  }

  /** Loads, measures and prints. */
  public static void main(String[] arguments) throws Exception {
    if (arguments.length < 2 || !List.of("expiry", "snapshot", "both").contains(arguments[1])) {
      System.err.println("arguments: LAUNCHER expiry|snapshot|both [KEYS] [SECONDS] [NODES]");
      System.exit(2);
    }
    int keys = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 1_000_000;
    int seconds = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 30;
    int nodes = arguments.length > 4 ? Integer.parseInt(arguments[4]) : 1;
    Path directory = Files.createTempDirectory("shardwell-stall");
    StallBenchmark benchmark =
        new StallBenchmark(Path.of(arguments[0]).toAbsolutePath(), directory, nodes, keys, seconds);
    List<Process> servers = new ArrayList<>();
    try {
      for (int node = 0; node < nodes; node++) {
        servers.add(benchmark.start(node));
      }
      benchmark.awaitReady();
      System.out.println(
          "| %d keys | seconds | GETs | median, ms | p99 | p99.9 | longest | heap, MB |"
              .formatted(keys));
      System.out.println("|---|---|---|---|---|---|---|---|");
      if (!arguments[1].equals("expiry")) {
        benchmark.snapshot();
      }
      if (!arguments[1].equals("snapshot")) {
        benchmark.expiry();
      }
    } finally {
      servers.forEach(server -> server.destroyForcibly().onExit().join());
      delete(directory);
    }
  }

  private Process start(int node) throws IOException {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < peerPorts.size(); i++) {
      all.add("n" + (i + 1) + "=127.0.0.1:" + peerPorts.get(i));
    }
    String id = "n" + (node + 1);
    ProcessBuilder builder =
        new ProcessBuilder(
            launcher.toString(),
            "serve",
            "--id=" + id,
            "--dir=" + directory.resolve(id),
            "--nodes=" + String.join(",", all),
            "--port=" + ports.get(node),
            "--cluster-port=-1",
            "--http-port=-1",
            "--shards=1");
    builder.redirectErrorStream(true);
    builder.redirectOutput(directory.resolve(id + ".log").toFile());
    return builder.start();
  }

  private void awaitReady() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(10);
    while (System.nanoTime() < deadline) {
      try (Jedis jedis = connect()) {
        jedis.set("ready", "");
        return;
      } catch (JedisException notYet) {
        Thread.sleep(100);
      }
    }
    throw new IllegalStateException("not ready");
  }

  private Jedis connect() {
    return new Jedis("127.0.0.1", ports.get(0), TIMEOUT_MILLIS);
  }

  /** All keys get one deadline; the probe looks on while it passes. */
  private void expiry() throws Exception {
    stopped = false;
    write(keys, false);
    beginRow();
    print("nothing special", probe(System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds)));
    long inMillis = 2_000 + keys / 50L;
    long deadline;
    try (Jedis jedis = connect()) {
      deadline = Long.parseLong(jedis.time().get(0)) * 1_000 + inMillis;
      for (int first = 0; first < keys; first += PIPELINED) {
        Pipeline pipeline = jedis.pipelined();
        for (int key = first; key < Math.min(keys, first + PIPELINED); key++) {
          pipeline.pexpireAt(key(key), deadline);
        }
        pipeline.sync();
      }
      long left = deadline - System.currentTimeMillis();
      System.err.printf(Locale.ROOT, "all have their deadline, %d ms before it%n", left);
    }
    Thread load = new Thread(this::loadOthers);
    load.start();
    long end = System.nanoTime();
    end += TimeUnit.MILLISECONDS.toNanos(deadline - System.currentTimeMillis());
    beginRow();
    print("writes, before they expire", probe(end - TimeUnit.MILLISECONDS.toNanos(500)));
    print("writes, while they expire and after", probe(end + TimeUnit.SECONDS.toNanos(seconds)));
    stopped = true;
    load.join();
    try (Jedis jedis = connect()) {
      System.err.printf(Locale.ROOT, "keys left: %d%n", jedis.dbSize());
    }
  }

  /** Overwrites keys until snapshots have been taken; the probe looks on. */
  private void snapshot() throws Exception {
    stopped = false;
    write(keys, false);
    beginRow();
    print("nothing special", probe(System.nanoTime() + TimeUnit.SECONDS.toNanos(5)));
    Thread load = new Thread(this::overwrite);
    load.start();
    Path snapshots = directory.resolve("n1").resolve("snapshots");
    for (int taken = 0; taken < 3; taken++) {
      print("writes, between snapshots", probeUntil(() -> !isComplete(snapshots)));
      print("writes, during a snapshot", probeUntil(() -> isComplete(snapshots)));
    }
    stopped = true;
    load.join();
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  /** Whether there are no chunks but those of the newest manifest. */
  private static boolean isComplete(Path snapshots) throws IOException {
    try (Stream<Path> all = Files.list(snapshots)) {
      List<String> names = all.map(path -> path.getFileName().toString()).toList();
      List<String> complete =
          names.stream()
              .filter(name -> name.endsWith(".manifest"))
              .map(name -> name.substring(0, 22))
              .toList();
      return names.stream()
          .filter(name -> name.startsWith("00000") && name.endsWith(".chunk"))
          .allMatch(name -> complete.contains(name.substring(0, 22)));
    }
  }

  private long[] probeUntil(Condition condition) throws IOException {
    long[] all = {};
    while (!condition.holds()) {
      long[] some = probe(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(20));
      int before = all.length;
      all = Arrays.copyOf(all, before + some.length);
      System.arraycopy(some, 0, all, before, some.length);
    }
    return all;
  }

  private @Nullable Jedis probing;

  // Of the time since the last row: when it began, and the server's heap after a collection and
  // before one, as far as the looks at it have met that.
  private long rowBegan = System.nanoTime();
  private long leastHeap = Long.MAX_VALUE;
  private long mostHeap;

  private void lookAtHeap(Jedis jedis) {
    Matcher heap = HEAP.matcher(jedis.info("memory"));
    if (heap.find()) {
      leastHeap = Math.min(leastHeap, Long.parseLong(heap.group(1)));
      mostHeap = Math.max(mostHeap, Long.parseLong(heap.group(1)));
    }
  }

  /** Nanoseconds of each GET until then. */
  private long[] probe(long end) {
    Jedis jedis = probing == null ? connect() : probing;
    probing = jedis;
    long[] times = new long[1024];
    int count = 0;
    Random random = new Random(count);
    long nextLook = System.nanoTime();
    for (long begin = System.nanoTime(); begin < end; begin = System.nanoTime()) {
      if (begin - nextLook >= 0) {
        lookAtHeap(jedis);
        begin = System.nanoTime();
        nextLook = begin + TimeUnit.MILLISECONDS.toNanos(20);
      }
      byte[] unused = jedis.get(key(random.nextInt(keys)));
      if (count == times.length) {
        times = Arrays.copyOf(times, count * 2);
      }
      times[count++] = System.nanoTime() - begin;
    }
    return Arrays.copyOf(times, count);
  }

  private void print(String when, long[] nanos) {
    long now = System.nanoTime();
    if (nanos.length > 0) {
      long[] sorted = nanos.clone();
      Arrays.sort(sorted);
      System.out.printf(
          Locale.ROOT,
          "| %s | %.1f | %d | %.2f | %.2f | %.2f | %.2f | %d to %d |%n",
          when,
          (now - rowBegan) / 1e9,
          sorted.length,
          at(sorted, 0.5),
          at(sorted, 0.99),
          at(sorted, 0.999),
          sorted[sorted.length - 1] / 1e6,
          leastHeap / 1_000_000,
          mostHeap / 1_000_000);
    }
    beginRow();
  }

  private void beginRow() {
    rowBegan = System.nanoTime();
    leastHeap = Long.MAX_VALUE;
    mostHeap = 0;
  }

  private static double at(long[] sorted, double share) {
    return sorted[(int) (share * (sorted.length - 1))] / 1e6;
  }

  private void loadOthers() {
    while (!stopped) {
      write(20_000, true);
    }
  }

  private void overwrite() {
    while (!stopped) {
      write(keys, false);
    }
  }

  private void write(int count, boolean others) {
    Random random = new Random(count);
    byte[] value = new byte[VALUE_BYTES];
    try (Jedis jedis = connect()) {
      for (int first = 0; first < count && !stopped; first += PIPELINED) {
        Pipeline pipeline = jedis.pipelined();
        for (int key = first; key < Math.min(count, first + PIPELINED); key++) {
          random.nextBytes(value);
          pipeline.set(
              others ? ("other" + key).getBytes(StandardCharsets.US_ASCII) : key(key),
              value.clone());
        }
        for (Object reply : pipeline.syncAndReturnAll()) {
          if (!"OK".equals(reply)) {
            throw new IllegalStateException("a write was answered " + reply);
          }
        }
      }
    }
  }

  private static byte[] key(int number) {
    return String.format(Locale.ROOT, "key:%08d", number).getBytes(StandardCharsets.US_ASCII);
  }

  private static void delete(Path path) throws IOException {
    try (Stream<Path> all = Files.walk(path)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
