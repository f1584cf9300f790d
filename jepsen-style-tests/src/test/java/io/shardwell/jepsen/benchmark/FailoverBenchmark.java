package io.shardwell.jepsen.benchmark;

import io.shardwell.jepsen.process.LoopbackNetwork;
import io.shardwell.jepsen.process.ServerProcesses;
import io.shardwell.statemachine.Slots;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/**
 * How long writes to a shard stand still when a node goes: 64 writers, spread over the shards, on
 * the nodes that stay; one node after the other is killed (or stopped gracefully) and started
 * again. Prints for each trial the longest time between two acknowledged writes of the same shard,
 * for the worst shard, and how many errors the writers saw.
 *
 * <p>Arguments: number of trials, then "kill", "stop" or, to see what the machine does by itself,
 * "nothing". See docs/benchmarks.md.
 */
public final class FailoverBenchmark {
  private static final int NODES = 3;
  private static final int SHARDS = 16;
  private static final int WRITERS_PER_SHARD = 4;
  private static final long BEFORE_MILLIS = 2_000;
  private static final long AFTER_MILLIS = 4_000;

  private final ServerProcesses servers;
  // By shard: when the last write was acknowledged, and the longest time between two.
  private final AtomicLongArray lastNanos = new AtomicLongArray(SHARDS);
  private final AtomicLongArray gapNanos = new AtomicLongArray(SHARDS);
  private final AtomicLongArray counts = new AtomicLongArray(2);
  private volatile boolean measuring;

  private FailoverBenchmark(ServerProcesses servers) {
    this.servers = servers;
  }

  /** Runs the trials. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    int trials = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 20;
    String what = arguments.length > 1 ? arguments[1] : "kill";
    Path directory = Files.createTempDirectory("shardwell-failover");
    List<Long> worst = new ArrayList<>();
    try (ServerProcesses servers =
        new ServerProcesses(directory, NODES, SHARDS, new LoopbackNetwork(NODES))) {
      servers.startAll();
      ready(servers);
      FailoverBenchmark benchmark = new FailoverBenchmark(servers);
      for (int trial = 0; trial < trials; trial++) {
        worst.add(benchmark.trial(trial, trial % NODES, what));
      }
    }
    long[] sorted = worst.stream().mapToLong(Long::longValue).sorted().toArray();
    System.out.printf(
        "%s, %d trials: longest gap of a shard, median %d ms, worst %d ms%n",
        what, sorted.length, sorted[sorted.length / 2], sorted[sorted.length - 1]);
  }

  private static void ready(ServerProcesses servers) throws InterruptedException {
    if (!servers.awaitReady(120)) {
      throw new IllegalStateException("not ready" + servers.logs());
    }
  }

  private long trial(int number, int victim, String what) throws IOException, InterruptedException {
    measuring = true;
    for (int shard = 0; shard < SHARDS; shard++) {
      lastNanos.set(shard, System.nanoTime());
      gapNanos.set(shard, 0);
    }
    counts.set(0, 0);
    counts.set(1, 0);
    List<Thread> writers = new ArrayList<>();
    for (int writer = 0; writer < SHARDS * WRITERS_PER_SHARD; writer++) {
      int shard = writer % SHARDS;
      HostAndPort node = servers.clients((victim + 1 + writer / SHARDS % (NODES - 1)) % NODES);
      byte[] key = keyIn(shard, writer);
      Thread thread = new Thread(() -> write(node, shard, key), "writer-" + writer);
      thread.start();
      writers.add(thread);
    }
    Thread.sleep(BEFORE_MILLIS);
    for (int shard = 0; shard < SHARDS; shard++) {
      gapNanos.set(shard, 0);
    }
    switch (what) {
      case "kill" -> servers.kill(victim);
      case "stop" -> servers.stop(victim);
      case "nothing" -> {}
      default -> throw new IllegalArgumentException(what);
    }
    Thread.sleep(AFTER_MILLIS);
    measuring = false;
    long[] gaps = new long[SHARDS];
    for (int shard = 0; shard < SHARDS; shard++) {
      long open = System.nanoTime() - lastNanos.get(shard);
      gaps[shard] = TimeUnit.NANOSECONDS.toMillis(Math.max(open, gapNanos.get(shard)));
    }
    for (Thread writer : writers) {
      writer.join();
    }
    System.out.printf(
        "trial %2d: gaps by shard, ms: %s; %d writes, %d errors%n",
        number + 1, Arrays.toString(gaps), counts.get(0), counts.get(1));
    if (!what.equals("nothing")) {
      servers.start(victim);
    }
    ready(servers);
    // Leaderships go back to a node only when it has settled.
    Thread.sleep(8_000);
    return Arrays.stream(gaps).max().orElseThrow();
  }

  private void write(HostAndPort node, int shard, byte[] key) {
    byte[] value = new byte[100];
    try (Jedis jedis = new Jedis(node)) {
      while (measuring) {
        try {
          String unused = jedis.set(key, value);
          long now = System.nanoTime();
          long gap = now - lastNanos.getAndSet(shard, now);
          gapNanos.accumulateAndGet(shard, gap, Math::max);
          counts.incrementAndGet(0);
        } catch (JedisException error) {
          counts.incrementAndGet(1);
          if (jedis.isBroken()) {
            System.out.println("a writer lost its connection: " + error.getMessage());
            return;
          }
        }
      }
    }
  }

  private static byte[] keyIn(int shard, int writer) {
    for (int i = 0; ; i++) {
      byte[] key = ("w" + writer + "-" + i).getBytes(StandardCharsets.UTF_8);
      if (Slots.shardOf(Slots.of(key), SHARDS) == shard) {
        return key;
      }
    }
  }
}
