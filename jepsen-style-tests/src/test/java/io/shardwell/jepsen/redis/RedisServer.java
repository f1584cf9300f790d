package io.shardwell.jepsen.redis;

import io.shardwell.server.client.LocalPorts;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Debian's redis-server on a port of loopback that was free a moment ago, without files. Found on
 * PATH or where {@code -Dredis.server=} says.
 */
final class RedisServer implements AutoCloseable {
  static final String WHY_SKIPPED =
      "no redis-server on PATH (apt-get install redis-server, or -Dredis.server=FILE):"
          + " nothing to compare with";

  private static final long START_NANOS = TimeUnit.SECONDS.toNanos(20);

  private final Process process;
  private final int port;
  private final Path directory;

  private RedisServer(Process process, int port, Path directory) {
    this.process = process;
    this.port = port;
    this.directory = directory;
  }

  /** The program, if there is one. */
  static Optional<Path> program() {
    String named = System.getProperty("redis.server", "");
    String path = System.getenv("PATH");
    Stream<Path> places =
        named.isEmpty()
            ? Stream.of((path == null ? "" : path).split(File.pathSeparator))
                .map(folder -> Path.of(folder, "redis-server"))
            : Stream.of(Path.of(named));
    return places.filter(Files::isExecutable).findFirst();
  }

  static RedisServer start(Path program) throws IOException, InterruptedException {
    int port = LocalPorts.reserve(1).get(0);
    Path directory = Files.createTempDirectory("redis");
    Process process =
        new ProcessBuilder(
                List.of(
                    program.toString(),
                    "--port",
                    Integer.toString(port),
                    "--bind",
                    "127.0.0.1",
                    "--save",
                    "",
                    "--appendonly",
                    "no",
                    "--dir",
                    directory.toString()))
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("redis.log").toFile())
            .start();
    RedisServer server = new RedisServer(process, port, directory);
    long deadline = System.nanoTime() + START_NANOS;
    while (!server.answers()) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        String log = Files.readString(directory.resolve("redis.log"));
        server.close();
        throw new IOException("redis-server does not start:\n" + log);
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
    return server;
  }

  int port() {
    return port;
  }

  private boolean answers() {
    try (WireConnection connection = new WireConnection(port)) {
      return !connection.call("PING").isFailure();
    } catch (IOException notYet) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
    Files.deleteIfExists(directory.resolve("redis.log"));
    Files.deleteIfExists(directory);
  }
}
