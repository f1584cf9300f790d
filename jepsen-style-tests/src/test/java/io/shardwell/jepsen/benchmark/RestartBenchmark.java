package io.shardwell.jepsen.benchmark;

import io.shardwell.server.client.LocalPorts;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;

/**
 * Seconds from the start of a process to the readiness of a node that holds many keys: one node, 16
 * shards, values of 100 bytes. Loads once, then ends the process, by turns with SIGTERM and with
 * SIGKILL, and starts it again.
 *
 * <p>Arguments: the launcher (bin/shardwell), number of keys (1 000 000), number of restarts (5).
 * See docs/benchmarks.md.
 */
public final class RestartBenchmark {
  private static final int SHARDS = 16;
  private static final int VALUE_BYTES = 100;
  private static final int PIPELINED = 1_000;
  private static final int CLIENT_TIMEOUT_MILLIS = 60_000;
  private static final long PATIENCE_SECONDS = 120;
  private static final long POLL_MILLIS = 10;

  private final Path launcher;
  private final Path directory;
  private final int peerPort;
  private final int port;
  private final int httpPort;

  private RestartBenchmark(Path launcher, Path directory) throws IOException {
    this.launcher = launcher;
    this.directory = directory;
    List<Integer> ports = LocalPorts.reserve(3);
    peerPort = ports.get(0);
    port = ports.get(1);
    httpPort = ports.get(2);
  }

  /** Loads, restarts and prints. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments.length == 0) {
      System.err.println("arguments: LAUNCHER [KEYS] [RESTARTS]");
      System.exit(2);
    }
    int keys = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1_000_000;
    int restarts = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 5;
    Path directory = Files.createTempDirectory("shardwell-restart");
    RestartBenchmark benchmark =
        new RestartBenchmark(Path.of(arguments[0]).toAbsolutePath(), directory);
    try {
      benchmark.run(keys, restarts);
    } finally {
      delete(directory);
    }
  }

  private void run(int keys, int restarts) throws IOException, InterruptedException {
    Process server = start();
    try {
      System.out.printf(
          Locale.ROOT, "empty: ready after %.2f s%n", awaitReady(server, System.nanoTime()));
      load(keys);
      for (int restart = 0; restart < restarts; restart++) {
        boolean graceful = restart % 2 == 0;
        end(server, graceful);
        double megabytes = bytes() / 1e6;
        long begin = System.nanoTime();
        server = start();
        System.out.printf(
            Locale.ROOT,
            "after %s: %d keys, %.0f MB on disk, ready after %.2f s%n",
            graceful ? "SIGTERM" : "SIGKILL",
            keys,
            megabytes,
            awaitReady(server, begin));
        check(keys);
      }
    } finally {
      end(server, false);
    }
  }

  private Process start() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            launcher.toString(),
            "serve",
            "--id=n1",
            "--dir=" + directory.resolve("n1"),
            "--nodes=n1=127.0.0.1:" + peerPort,
            "--port=" + port,
            "--cluster-port=-1",
            "--http-port=" + httpPort,
            "--shards=" + SHARDS);
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("n1.log").toFile()));
    return builder.start();
  }

  private static void end(Process server, boolean graceful) {
    if (graceful) {
      server.destroy();
    } else {
      Process unused = server.destroyForcibly();
    }
    Process unused = server.onExit().join();
  }

  private double awaitReady(Process server, long begin) throws IOException, InterruptedException {
    while (System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
      if (isReady()) {
        return (System.nanoTime() - begin) / 1e9;
      }
      if (!server.isAlive()) {
        break;
      }
      Thread.sleep(POLL_MILLIS);
    }
    throw new IOException("not ready:\n" + Files.readString(directory.resolve("n1.log")));
  }

  private boolean isReady() throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection)
            URI.create("http://127.0.0.1:" + httpPort + "/readyz").toURL().openConnection();
    connection.setConnectTimeout(1_000);
    connection.setReadTimeout(1_000);
    try {
      return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException notYet) {
      return false;
    } finally {
      connection.disconnect();
    }
  }

  private void load(int keys) {
    Random random = new Random(1);
    byte[] value = new byte[VALUE_BYTES];
    try (Jedis jedis = new Jedis("127.0.0.1", port, CLIENT_TIMEOUT_MILLIS)) {
      for (int first = 0; first < keys; first += PIPELINED) {
        Pipeline pipeline = jedis.pipelined();
        for (int key = first; key < Math.min(keys, first + PIPELINED); key++) {
          random.nextBytes(value);
          pipeline.set(key(key), value.clone());
        }
        for (Object reply : pipeline.syncAndReturnAll()) {
          if (!"OK".equals(reply)) {
            throw new IllegalStateException("a write was answered " + reply);
          }
        }
      }
    }
  }

  private void check(int keys) {
    try (Jedis jedis = new Jedis("127.0.0.1", port, CLIENT_TIMEOUT_MILLIS)) {
      long size = jedis.dbSize();
      if (size != keys) {
        throw new IllegalStateException(size + " keys after the restart, not " + keys);
      }
    }
  }

  private static byte[] key(int number) {
    return String.format(Locale.ROOT, "key-%08d", number).getBytes(StandardCharsets.US_ASCII);
  }

  private long bytes() throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      long sum = 0;
      for (Path each : all.filter(Files::isRegularFile).toList()) {
        sum += Files.size(each);
      }
      return sum;
    }
  }

  private static void delete(Path path) throws IOException {
    try (Stream<Path> all = Files.walk(path)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
