package io.shardwell.jepsen.benchmark;

import io.shardwell.cli.status.ClusterQuery;
import io.shardwell.cli.status.ClusterView;
import io.shardwell.jepsen.process.LoopbackNetwork;
import io.shardwell.jepsen.process.ServerProcesses;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;

/**
 * A follower that was away for a million writes returns: how long until it has everything, and what
 * writes take meanwhile. Of three nodes one is killed, writers fill the others, it is started
 * again; all the time a few clients write one value after the other through a node that stays, and
 * their times are taken.
 *
 * <p>Arguments: number of writes (1000000), number of different keys (100000). See
 * docs/benchmarks.md.
 */
public final class LaggardBenchmark {
  private static final int NODES = 3;
  private static final int SHARDS = 16;
  private static final int LAGGARD = 2;
  private static final int WRITERS = 8;
  private static final int PIPELINE = 64;
  private static final int VALUE_BYTES = 100;

  private static final int PROBES = 4;
  private static final long PROBE_PAUSE_MILLIS = 2;
  private static final long QUIET_MILLIS = 5_000;

  /** Entries that may be missing: what is written at the moment. */
  private static final long CAUGHT_UP_ENTRIES = 50;

  private final ServerProcesses servers;
  private final int writes;
  private final int keys;
  private final ClusterQuery query = new ClusterQuery(Duration.ofSeconds(10));
  private final List<Long> times = new ArrayList<>();
  private volatile boolean probing = true;

  private LaggardBenchmark(ServerProcesses servers, int writes, int keys) {
    this.servers = servers;
    this.writes = writes;
    this.keys = keys;
  }

  /** Runs it once. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    int writes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1_000_000;
    int keys = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 100_000;
    Path directory = Files.createTempDirectory("shardwell-laggard");
    try (ServerProcesses servers =
        new ServerProcesses(directory, NODES, SHARDS, new LoopbackNetwork(NODES))) {
      servers.startAll();
      if (!servers.awaitReady(120)) {
        throw new IllegalStateException("not ready" + servers.logs());
      }
      new LaggardBenchmark(servers, writes, keys).run();
    }
  }

  private void run() throws IOException, InterruptedException {
    List<Thread> probes = new ArrayList<>();
    for (int i = 0; i < PROBES; i++) {
      int number = i;
      Thread probe = new Thread(() -> probe(number), "probe-" + i);
      probe.start();
      probes.add(probe);
    }
    Thread.sleep(QUIET_MILLIS);
    report("all three");
    servers.kill(LAGGARD);
    Thread.sleep(3_000);
    report("one is killed");
    Thread.sleep(QUIET_MILLIS);
    report("one is away");
    long start = System.nanoTime();
    fill();
    System.out.printf("%d writes in %.1f s%n", writes, seconds(start));
    report("the writes");
    Thread.sleep(QUIET_MILLIS);
    report("one is away");
    long lacks = lag();
    start = System.nanoTime();
    servers.start(LAGGARD);
    double listening = 0;
    while (true) {
      long lag = lag();
      if (lag >= 0 && listening == 0) {
        listening = seconds(start);
      }
      if (lag >= 0 && lag <= CAUGHT_UP_ENTRIES) {
        break;
      }
      Thread.sleep(50);
    }
    System.out.printf(
        "the process answers after %.1f s and has everything after %.1f s (%d)%n",
        listening, seconds(start), lacks);
    report("it catches up");
    Thread.sleep(QUIET_MILLIS);
    report("all three");
    probing = false;
    for (Thread probe : probes) {
      probe.join();
    }
  }

  private static double seconds(long sinceNanos) {
    return (System.nanoTime() - sinceNanos) / 1e9;
  }

  /** The entries that the laggard lacks in the shard where it lacks most; -1 if it is not there. */
  private long lag() {
    ClusterView view;
    try {
      view = query.askAll(servers.clients(0).getHost(), servers.clients(0).getPort());
    } catch (IOException busy) {
      return -1;
    }
    long most = 0;
    for (ClusterView.Shard shard : view.shards()) {
      var replica = shard.replicas().get("n" + (LAGGARD + 1));
      if (replica == null) {
        return -1;
      }
      most = Math.max(most, shard.lag(replica));
    }
    return most;
  }

  private void fill() throws InterruptedException {
    AtomicLong next = new AtomicLong();
    List<Thread> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      int node = i % (NODES - 1);
      Thread writer =
          new Thread(
              () -> {
                byte[] value = new byte[VALUE_BYTES];
                try (Jedis jedis =
                    new Jedis(
                        servers.clients(node),
                        DefaultJedisClientConfig.builder().socketTimeoutMillis(30_000).build())) {
                  for (long n = next.getAndAdd(PIPELINE);
                      n < writes;
                      n = next.getAndAdd(PIPELINE)) {
                    Pipeline pipeline = jedis.pipelined();
                    for (int k = 0; k < PIPELINE; k++) {
                      pipeline.set(
                          ("key" + (n + k) % keys).getBytes(StandardCharsets.UTF_8), value);
                    }
                    for (Object reply : pipeline.syncAndReturnAll()) {
                      if (!"OK".equals(reply)) {
                        throw new IllegalStateException(String.valueOf(reply));
                      }
                    }
                  }
                }
              },
              "writer-" + i);
      writer.start();
      writers.add(writer);
    }
    for (Thread writer : writers) {
      writer.join();
    }
  }

  private void probe(int number) {
    byte[] value = new byte[VALUE_BYTES];
    try (Jedis jedis =
        new Jedis(
            servers.clients(number % (NODES - 1)),
            DefaultJedisClientConfig.builder().socketTimeoutMillis(30_000).build())) {
      for (int n = 0; probing; n++) {
        byte[] key = ("probe" + number + "-" + n % 1000).getBytes(StandardCharsets.UTF_8);
        long start = System.nanoTime();
        String unused = jedis.set(key, value);
        long took = System.nanoTime() - start;
        synchronized (times) {
          times.add(took);
        }
        Thread.sleep(PROBE_PAUSE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void report(String phase) {
    long[] sorted;
    synchronized (times) {
      sorted = times.stream().mapToLong(Long::longValue).toArray();
      times.clear();
    }
    Arrays.sort(sorted);
    if (sorted.length == 0) {
      System.out.printf("%-14s no write%n", phase);
      return;
    }
    System.out.printf(
        "%-14s p50 %5.1f  p99 %6.1f  worst %7.1f ms, %d writes of the probes%n",
        phase, at(sorted, 0.5), at(sorted, 0.99), sorted[sorted.length - 1] / 1e6, sorted.length);
  }

  private static double at(long[] sorted, double share) {
    return sorted[(int) (share * (sorted.length - 1))] / 1e6;
  }
}
