package io.shardwell.cli.dev;

import io.shardwell.cli.Surroundings;
import io.shardwell.cli.Table;
import io.shardwell.cli.dev.DevPlan.DevNode;
import io.shardwell.server.client.LocalPorts;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;

/**
 * Starts the processes, tells when all shards have a leader, then watches until it is told to stop
 * or no node is left. Everything happens on the thread that calls {@link #run}; ends of processes
 * and the stop signal reach it through a queue.
 */
final class DevCluster {

  private static final long READY_POLL_MILLIS = 100;
  private static final long STILL_WAITING_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** A graceful stop is given this long, then the process is killed. */
  private static final long STOP_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(15);

  private static final int LOG_LINES_SHOWN = 10;

  private sealed interface Event {
    record NodeEnded(ServerProcess process) implements Event {}

    record StopRequested() implements Event {}
  }

  private final DevPlan plan;
  private final DevDirectory directory;
  private final Surroundings surroundings;
  private final PrintStream out;
  private final ReadyCheck readyCheck = new ReadyCheck();
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final List<ServerProcess> processes = new ArrayList<>();

  DevCluster(DevPlan plan, DevDirectory directory, Surroundings surroundings) {
    this.plan = plan;
    this.directory = directory;
    this.surroundings = surroundings;
    this.out = surroundings.out();
  }

  /** Returns the exit code: 0 after a requested stop, 1 when the cluster could not go on. */
  int run() throws IOException, InterruptedException {
    surroundings.stop().arm(() -> events.add(new Event.StopRequested()));
    boolean requested = false;
    try {
      startAll();
      requested = watch();
    } finally {
      stopAll();
    }
    leave(requested);
    return requested ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private void startAll() throws IOException {
    Table table = new Table("NODE", "CLIENTS", "CLUSTER", "TEXT", "HTTP", "PEERS", ">PID");
    for (DevNode node : plan.nodes()) {
      ServerProcess process = ServerProcess.start(plan, node);
      processes.add(process);
      process.whenEnded(() -> events.add(new Event.NodeEnded(process)));
      table.row(
          node.id(),
          DevPlan.HOST + ":" + node.port(),
          node.clusterPort(),
          node.textPort(),
          node.httpPort(),
          node.peerPort(),
          process.pid());
    }
    out.print(table.render());
    out.println(
        "Data and logs: "
            + directory.path()
            + (directory.temporary() ? " (removed at the end; --dir DIR keeps it)" : ""));
  }

  /** Returns whether it was told to stop; otherwise the cluster could not go on. */
  private boolean watch() throws IOException, InterruptedException {
    boolean ready = false;
    long sayAgainAt = System.nanoTime() + STILL_WAITING_NANOS;
    while (true) {
      Event event = ready ? events.take() : events.poll(READY_POLL_MILLIS, TimeUnit.MILLISECONDS);
      if (event instanceof Event.StopRequested) {
        out.println("Stopping.");
        return true;
      }
      if (event instanceof Event.NodeEnded ended) {
        report(ended.process(), ready);
        if (!ready && ended.process().gaveUp()) {
          out.println("The cluster did not start.");
          return false;
        }
        if (processes.stream().noneMatch(ServerProcess::isAlive)) {
          out.println("No node is left.");
          return false;
        }
      }
      if (!ready) {
        ReadyCheck.Result result = readyCheck.check(aliveNodes());
        if (result instanceof ReadyCheck.Result.Serving serving) {
          if (!accept(serving.shape())) {
            return false;
          }
          ready = true;
        } else if (result instanceof ReadyCheck.Result.Waiting waiting
            && System.nanoTime() - sayAgainAt >= 0) {
          out.println("Still waiting: " + waiting.why());
          sayAgainAt = System.nanoTime() + STILL_WAITING_NANOS;
        }
      }
    }
  }

  /** Says that the cluster serves, unless the folder held another one than was asked for. */
  private boolean accept(ClusterShape shape) throws IOException {
    shape.remember(directory.path());
    if (!shape.equals(plan.shape())) {
      out.println(shape.refusal(directory.path()));
      return false;
    }
    out.println("Ready: " + aliveNodes().size() + " nodes, " + shape.shards() + " shards");
    return true;
  }

  private List<DevNode> aliveNodes() {
    return processes.stream().filter(ServerProcess::isAlive).map(ServerProcess::node).toList();
  }

  private void report(ServerProcess process, boolean ready) {
    DevNode node = process.node();
    out.println(node.id() + " (pid " + process.pid() + ") " + process.obituary() + ".");
    if (process.gaveUp()) {
      out.println("The end of " + node.log() + ":");
      for (String line : logEnd(node)) {
        out.println("  " + line);
      }
    }
    if (ready) {
      out.println("Bring it back, in another terminal:");
      out.println("  " + ShellWords.join(launcher(), plan.serveCommand(node)));
    }
  }

  private static List<String> logEnd(DevNode node) {
    try {
      return DevDirectory.lastLines(node.log(), LOG_LINES_SHOWN);
    } catch (IOException unreadable) {
      return List.of("(" + unreadable + ")");
    }
  }

  private static String launcher() {
    return System.getProperty("shardwell.launcher", "shardwell");
  }

  private void stopAll() throws InterruptedException {
    processes.forEach(ServerProcess::stop);
    long deadline = System.nanoTime() + STOP_LIMIT_NANOS;
    for (ServerProcess process : processes) {
      if (!process.awaitEnd(Math.max(0, deadline - System.nanoTime()))) {
        out.println(process.node().id() + " did not stop in time and was killed.");
      }
    }
  }

  /** After a failure everything stays, for whoever wants to know why. */
  private void leave(boolean requested) throws IOException {
    DevNode still = stillServed();
    if (still != null) {
      out.println(still.id() + " was started from elsewhere and runs on.");
    } else if (requested) {
      directory.discard();
    }
    boolean stays = directory.temporary() && (still != null || !requested);
    out.println(stays ? "Stopped; data and logs stay in " + directory.path() : "Stopped.");
  }

  /** A node that somebody brought back by hand and that still uses its folder, or null. */
  private @Nullable DevNode stillServed() {
    for (DevNode node : plan.nodes()) {
      if (!LocalPorts.isFree(DevPlan.HOST, node.peerPort())) {
        return node;
      }
    }
    return null;
  }
}
