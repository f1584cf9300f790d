package io.shardwell.jepsen.process;

import io.shardwell.cli.Main;
import io.shardwell.jepsen.checker.Timeline;
import io.shardwell.jepsen.process.Network.Listener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;

/** A cluster of {@code shardwell serve} processes. */
public final class ServerProcesses implements AutoCloseable {
  private final Path directory;
  private final int shards;
  private final Network network;
  private final List<String> moreArguments;
  private final List<Server> servers = new ArrayList<>();
  private final List<Timeline.Mark> marks = new CopyOnWriteArrayList<>();
  private final Map<Integer, Map<String, String>> environments = new HashMap<>();
  private final List<String> unexplained = new CopyOnWriteArrayList<>();
  private Class<?> main = Main.class;
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();

  /** What the JVM says of a process that SIGKILL ended. */
  private static final int KILLED = 128 + 9;

  /** A stop that takes longer is given up by the server itself: {@code StopSignal}. */
  private static final int MAX_STOP_SECONDS = 30;

  /** Beyond that not even the giving up has worked. */
  private static final int STUCK_SECONDS = 2 * MAX_STOP_SECONDS;

  /** One node's place and, while it runs, its process. */
  private static final class Server {
    final int number;
    final String id;
    @Nullable Process process;
    // Of the process: whoever ended it, or waited for its end, has looked at how it ended.
    boolean isEndExplained;

    Server(int number) {
      this.number = number;
      this.id = "n" + (number + 1);
    }
  }

  /**
   * Nothing runs yet.
   *
   * @param directory for data and output
   * @param network closed with this
   * @param moreArguments of {@code serve}, for every node
   */
  public ServerProcesses(
      Path directory, int nodes, int shards, Network network, String... moreArguments) {
    this.directory = directory;
    this.shards = shards;
    this.network = network;
    this.moreArguments = List.of(moreArguments);
    for (int i = 0; i < nodes; i++) {
      servers.add(new Server(i));
    }
  }

  /** With another main class than that of {@code shardwell}; it takes the same arguments. */
  public ServerProcesses runBy(Class<?> other) {
    main = other;
    return this;
  }

  /** What that node finds in its environment from its next start on. */
  public void environment(int node, Map<String, String> variables) {
    environments.put(node, Map.copyOf(variables));
  }

  /** Nodes are counted from 0. */
  public int count() {
    return servers.size();
  }

  /** The node's data directory. */
  public Path data(int node) {
    return directory.resolve(servers.get(node).id);
  }

  /** What the node has said so far, on all its starts. */
  public String log(int node) throws IOException {
    return Files.readString(directory.resolve(servers.get(node).id + ".log"));
  }

  /** Where clients reach the node. */
  public HostAndPort clients(int node) {
    return new HostAndPort(network.host(node), network.port(node, Listener.CLIENTS));
  }

  /** Starts the node's process. */
  public void start(int node) {
    Server server = servers.get(node);
    explain(server, "had ended by itself before it was started again");
    List<String> peers =
        servers.stream()
            .map(
                s ->
                    s.id
                        + "="
                        + network.host(s.number)
                        + ":"
                        + network.port(s.number, Listener.PEERS))
            .toList();
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "-Xmx256m",
                // For main classes that change the bytecode of their own process.
                "-Djdk.attach.allowAttachSelf=true",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName(),
                "serve",
                "--id",
                server.id,
                "--dir",
                data(node).toString(),
                "--nodes",
                String.join(",", peers),
                "--bind",
                network.host(node),
                "--insecure",
                "--port",
                Integer.toString(network.port(node, Listener.CLIENTS)),
                "--cluster-port",
                "-1",
                "--http-port",
                Integer.toString(network.port(node, Listener.HTTP)),
                "--shards",
                Integer.toString(shards)));
    command.addAll(moreArguments);
    ProcessBuilder builder = new ProcessBuilder(network.on(node, command));
    builder.redirectErrorStream(true);
    builder.redirectOutput(
        ProcessBuilder.Redirect.appendTo(directory.resolve(server.id + ".log").toFile()));
    // Settings of whoever runs the tests must not reach the servers.
    builder.environment().keySet().removeIf(name -> name.startsWith("SHARDWELL_"));
    builder.environment().putAll(environments.getOrDefault(node, Map.of()));
    try {
      server.process = builder.start();
      server.isEndExplained = false;
      mark(node, "started");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void mark(int node, String what) {
    mark(what + " " + servers.get(node).id);
  }

  /** Notes that something was done, for {@link #marks}. */
  public void mark(String what) {
    marks.add(new Timeline.Mark(System.nanoTime(), what));
  }

  /** What was done so far, on the clock of {@link System#nanoTime}. */
  public List<Timeline.Mark> marks() {
    return List.copyOf(marks);
  }

  /** Starts all processes. */
  public void startAll() {
    for (int i = 0; i < servers.size(); i++) {
      start(i);
    }
  }

  /** SIGKILL, and waits until the process is gone. */
  public void kill(int node) {
    mark(node, "SIGKILL");
    Server server = servers.get(node);
    Process process = server.process;
    if (process != null) {
      int code = process.destroyForcibly().onExit().join().exitValue();
      if (code != KILLED) {
        explain(server, "had ended by itself before SIGKILL");
      }
      server.isEndExplained = true;
    }
  }

  /**
   * SIGTERM, and waits until the process is gone. The node must be up and answer: before that
   * nothing of ours handles the signal. Any end but one in good order is among those unexplained.
   */
  public void stop(int node) {
    Server server = servers.get(node);
    Process process = server.process;
    explain(server, "had ended by itself before SIGTERM");
    mark(node, "SIGTERM");
    if (process == null || server.isEndExplained) {
      return;
    }
    long began = System.nanoTime();
    process.destroy();
    try {
      if (!process.waitFor(STUCK_SECONDS, TimeUnit.SECONDS)) {
        unexplained.add(server.id + " has not ended " + STUCK_SECONDS + " s after SIGTERM");
        Process unused = process.destroyForcibly().onExit().join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    if (!process.isAlive() && process.exitValue() != 0) {
      // Decision 0009. A stop that takes too long is one of those that end with 1.
      unexplained.add(
          "%s ended with %d, not 0, %d ms after SIGTERM"
              .formatted(server.id, process.exitValue(), millis));
    }
    server.isEndExplained = true;
  }

  /** Notes the end of a process that nobody has ended or waited for. */
  private void explain(Server server, String what) {
    Process process = server.process;
    if (process != null && !process.isAlive() && !server.isEndExplained) {
      unexplained.add("%s %s, exit code %d".formatted(server.id, what, process.exitValue()));
      server.isEndExplained = true;
    }
  }

  /**
   * Ends that nothing done here explains, and stops in bad order; also of nodes that were started
   * again since.
   */
  public List<String> unexplainedEnds() {
    servers.forEach(server -> explain(server, "has ended by itself"));
    return List.copyOf(unexplained);
  }

  /** SIGKILL for all, and waits until all are gone. */
  public void killAll() {
    servers.forEach(
        s -> {
          if (s.process != null) {
            Process unused = s.process.destroyForcibly();
          }
        });
    for (int i = 0; i < servers.size(); i++) {
      kill(i);
    }
  }

  /** SIGSTOP or SIGCONT. */
  public void signal(int node, String name) throws IOException, InterruptedException {
    mark(node, "SIG" + name);
    Process process = servers.get(node).process;
    if (process != null) {
      int code =
          new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
      if (code != 0) {
        throw new IOException("kill -" + name + " answered " + code);
      }
    }
  }

  /** Whether the node's process runs, stopped or not. */
  public boolean isAlive(int node) {
    Process process = servers.get(node).process;
    return process != null && process.isAlive();
  }

  /** The exit code of a process that ends by itself within so many seconds, else -1. */
  public int awaitExit(int node, int seconds) throws InterruptedException {
    Server server = servers.get(node);
    Process process = server.process;
    if (process == null || !process.waitFor(seconds, TimeUnit.SECONDS)) {
      return -1;
    }
    server.isEndExplained = true;
    return process.exitValue();
  }

  /** What {@code /readyz} says: the status and the text; empty if nobody answers. */
  public String readiness(int node) {
    return readiness(servers.get(node));
  }

  /** Whether the node is ready within so many seconds, or not, as wished. */
  public boolean awaitReadiness(int node, boolean ready, int seconds) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (System.nanoTime() < deadline) {
      if (isReady(servers.get(node)) == ready) {
        return true;
      }
      Thread.sleep(100);
    }
    return false;
  }

  /** Whether every node is ready within so many seconds. */
  public boolean awaitReady(int seconds) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (System.nanoTime() < deadline) {
      if (servers.stream().allMatch(this::isReady)) {
        return true;
      }
      Thread.sleep(100);
    }
    return false;
  }

  private boolean isReady(Server server) {
    return readiness(server).startsWith("200");
  }

  private String readiness(Server server) {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create(
                    "http://"
                        + network.host(server.number)
                        + ":"
                        + network.port(server.number, Listener.HTTP)
                        + "/readyz"))
            .timeout(Duration.ofSeconds(2))
            .build();
    try {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      return answer.statusCode() + " " + answer.body();
    } catch (IOException notYet) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  /** The end of every server's output, for failures. */
  public String logs() {
    StringBuilder text = new StringBuilder();
    for (Server server : servers) {
      text.append("\n--- ").append(server.id).append('\n');
      try {
        List<String> lines = Files.readAllLines(directory.resolve(server.id + ".log"));
        lines.stream()
            .skip(Math.max(0, lines.size() - 30))
            .forEach(l -> text.append(l).append('\n'));
      } catch (IOException none) {
        text.append("(nothing: ").append(none).append(")\n");
      }
    }
    return text.toString();
  }

  @Override
  public void close() {
    killAll();
    network.close();
  }
}
