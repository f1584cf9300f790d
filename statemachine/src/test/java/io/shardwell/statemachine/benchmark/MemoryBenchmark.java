package io.shardwell.statemachine.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How many bytes a key takes here and in Redis: keys of 12 bytes, values of 100 and of 10 bytes.
 * Ours is the heap after full collections, theirs is used_memory, both less what there was before.
 *
 * <p>Argument: keys (1 000 000). Without a redis-server on the path only ours. See docs/memory.md.
 */
public final class MemoryBenchmark {
  private MemoryBenchmark() {}

  /** Measures and prints. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    int keys = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1_000_000;
    boolean withRedis = isRedisHere();
    System.out.println("| value, bytes | ours, bytes per key | counted | Redis | ours / Redis |");
    System.out.println("|---|---|---|---|---|");
    for (int valueBytes : new int[] {100, 10}) {
      long before = heap();
      LoadedShard shard = new LoadedShard(keys, valueBytes);
      double ours = (heap() - before) / (double) keys;
      // Asked after the collections, hence still there when they ran.
      double counted = shard.state().stats().logicalBytes() / (double) keys;
      double redis = withRedis ? redis(keys, valueBytes) : Double.NaN;
      System.out.printf(
          Locale.ROOT,
          "| %d | %.1f | %.1f | %.1f | %.2f |%n",
          valueBytes,
          ours,
          counted,
          redis,
          ours / redis);
    }
  }

  private static long heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static boolean isRedisHere() throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder("redis-server", "--version")
              .redirectOutput(ProcessBuilder.Redirect.INHERIT)
              .start();
      return process.waitFor() == 0;
    } catch (IOException notFound) {
      return false;
    }
  }

  /** Bytes per key of a new server that keeps nothing on disk. */
  private static double redis(int keys, int valueBytes) throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("shardwell-memory");
    Path socket = directory.resolve("redis.sock");
    Process server =
        new ProcessBuilder(
                List.of(
                    "redis-server",
                    "--port",
                    "0",
                    "--unixsocket",
                    socket.toString(),
                    "--save",
                    "",
                    "--dir",
                    directory.toString()))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (SocketChannel channel = connect(socket);
        BufferedReader answers =
            new BufferedReader(Channels.newReader(channel, StandardCharsets.ISO_8859_1))) {
      long before = usedMemory(channel, answers);
      int batch = 500;
      for (int first = 0; first < keys; first += batch) {
        StringBuilder commands = new StringBuilder();
        int end = Math.min(keys, first + batch);
        for (int key = first; key < end; key++) {
          String name = new String(Keys.loaded(key), StandardCharsets.ISO_8859_1);
          // Letters: Redis keeps numbers in another way.
          commands.append("*3\r\n$3\r\nSET\r\n$").append(name.length()).append("\r\n");
          commands.append(name).append("\r\n$").append(valueBytes).append("\r\n");
          commands.append("v".repeat(valueBytes)).append("\r\n");
        }
        send(channel, commands.toString());
        for (int key = first; key < end; key++) {
          if (!"+OK".equals(answers.readLine())) {
            throw new IOException("SET was refused");
          }
        }
      }
      return (usedMemory(channel, answers) - before) / (double) keys;
    } finally {
      server.destroy();
      server.waitFor();
      Files.deleteIfExists(socket);
      Files.delete(directory);
    }
  }

  private static SocketChannel connect(Path socket) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (true) {
      SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        channel.connect(UnixDomainSocketAddress.of(socket));
        return channel;
      } catch (IOException notYet) {
        channel.close();
        if (System.nanoTime() > deadline) {
          throw notYet;
        }
        Thread.sleep(50);
      }
    }
  }

  private static long usedMemory(SocketChannel channel, BufferedReader answers) throws IOException {
    send(channel, "*2\r\n$4\r\nINFO\r\n$6\r\nmemory\r\n*1\r\n$4\r\nPING\r\n");
    long used = 0;
    for (String line = answers.readLine(); !"+PONG".equals(line); line = answers.readLine()) {
      if (line == null) {
        throw new IOException("redis-server has closed the connection");
      }
      if (line.startsWith("used_memory:")) {
        used = Long.parseLong(line.substring(line.indexOf(':') + 1));
      }
    }
    return used;
  }

  private static void send(SocketChannel channel, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    while (bytes.hasRemaining()) {
      int unused = channel.write(bytes);
    }
  }
}
