package io.shardwell.cli.dev;

import io.shardwell.cli.dev.DevPlan.DevNode;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A node as a child process. It stops when its standard input ends, so it cannot outlive this
 * process, however this one dies.
 */
final class ServerProcess {

  /** The system property with the file of JVM options for servers; the launcher sets it. */
  static final String OPTIONS_PROPERTY = "shardwell.server.options";

  /**
   * The system property with the jar that the launcher runs; without it, the class path is used.
   */
  static final String JAR_PROPERTY = "shardwell.jar";

  private final DevNode node;
  private final Process process;

  private ServerProcess(DevNode node, Process process) {
    this.node = node;
    this.process = process;
  }

  /** Starts it with the same Java and the same classes as this process. */
  static ServerProcess start(DevPlan plan, DevNode node) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(
        ProcessHandle.current()
            .info()
            .command()
            .orElse(System.getProperty("java.home") + "/bin/java"));
    String options = System.getProperty(OPTIONS_PROPERTY);
    if (options != null) {
      command.add("@" + options);
    }
    String more = System.getenv("SHARDWELL_JAVA_OPTS");
    if (more != null && !more.isBlank()) {
      command.addAll(List.of(more.strip().split("\\s+")));
    }
    // Several JVMs share the machine: the usual quarter of the memory for each would be too much.
    command.add("-XX:MaxRAMPercentage=" + Math.max(1, 50 / plan.nodes().size()));
    String jar = System.getProperty(JAR_PROPERTY);
    command.addAll(
        jar != null
            ? List.of("-jar", jar)
            : List.of("-cp", System.getProperty("java.class.path"), "io.shardwell.cli.Main"));
    command.addAll(plan.serveCommand(node));
    command.add("--stop-with-stdin");
    ProcessBuilder builder = new ProcessBuilder(command);
    // The plan decides everything; settings meant for a `serve` must not leak in.
    builder.environment().keySet().removeIf(name -> name.startsWith("SHARDWELL_"));
    builder.redirectErrorStream(true).redirectOutput(Redirect.appendTo(node.log().toFile()));
    return new ServerProcess(node, builder.start());
  }

  DevNode node() {
    return node;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Runs the action, on some thread, when the process has ended. It must not throw. */
  void whenEnded(Runnable action) {
    var unused = process.onExit().thenRun(action);
  }

  /** How it ended, for people; only after it did. */
  String obituary() {
    int code = process.exitValue();
    // A shell's convention, which Java follows: killed by signal n is 128 + n.
    return code > 128
        ? "was killed by signal " + (code - 128) + " (exit code " + code + ")"
        : "ended with exit code " + code;
  }

  /** Whether it ended because of something it found wrong itself. */
  boolean gaveUp() {
    int code = process.exitValue();
    return code != 0 && code < 128;
  }

  /** Asks it to stop gracefully. */
  void stop() {
    process.destroy();
  }

  /** Waits for its end; kills it when the time is up. Returns whether it ended by itself. */
  boolean awaitEnd(long nanos) throws InterruptedException {
    if (process.waitFor(nanos, TimeUnit.NANOSECONDS)) {
      return true;
    }
    process.destroyForcibly();
    return false;
  }
}
