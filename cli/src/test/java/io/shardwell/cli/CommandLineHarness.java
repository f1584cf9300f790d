package io.shardwell.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Runs whole commands in this process and keeps what they wrote. */
public final class CommandLineHarness {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Map<String, String> environment = new HashMap<>();
  private boolean terminal;

  /** Sets an environment variable. */
  public CommandLineHarness with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  /** As if a person read the output. */
  public CommandLineHarness onTerminal() {
    terminal = true;
    return this;
  }

  /** Runs one command; returns its exit code. */
  public int run(String... arguments) {
    out.reset();
    err.reset();
    return Main.commandLine(surroundings()).execute(arguments);
  }

  /** What commands run with this harness find around them. */
  public Surroundings surroundings() {
    return new Surroundings(print(out), print(err), terminal, environment, new StopSignal());
  }

  /** What the last command wrote to standard output. */
  public String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  /** What the last command wrote to standard error. */
  public String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private static PrintStream print(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }
}
