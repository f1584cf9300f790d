package io.shardwell.cli;

import io.shardwell.cli.client.KeyCommands;
import io.shardwell.cli.data.DataCommand;
import io.shardwell.cli.dev.DevCommand;
import io.shardwell.cli.serve.ServeCommand;
import io.shardwell.cli.status.ClusterCommand;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** The {@code shardwell} command. */
@Command(
    name = "shardwell",
    description = "A Raft-replicated, strongly consistent key-value store and cache.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    footer = {
      "",
      "Exit codes: 0 done; 1 failed; 2 wrong usage.",
      "Start with:  shardwell dev",
      "From a source folder also:  shardwell simulate --help"
    })
public final class Main {

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    // Not System.out: its encoding follows the locale, and values must leave byte for byte.
    PrintStream out = utf8(FileDescriptor.out);
    PrintStream err = utf8(FileDescriptor.err);
    boolean terminal = Boolean.getBoolean("shardwell.terminal");
    StopSignal stop = new StopSignal();
    int code =
        commandLine(new Surroundings(out, err, terminal, System.getenv(), stop)).execute(arguments);
    out.flush();
    err.flush();
    stop.finished(code);
    System.exit(code);
  }

  /** The whole command line, its output going where {@code surroundings} says. */
  static CommandLine commandLine(Surroundings surroundings) {
    CommandLine commandLine =
        new CommandLine(new Main())
            .addSubcommand(new DevCommand(surroundings))
            .addSubcommand(ServeCommand.commandLine(surroundings))
            .addSubcommand(new ClusterCommand(surroundings))
            .addSubcommand(new DataCommand(surroundings));
    KeyCommands.addTo(commandLine, surroundings);
    commandLine
        .setOut(new PrintWriter(surroundings.out(), true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(surroundings.err(), true, StandardCharsets.UTF_8))
        .setCaseInsensitiveEnumValuesAllowed(true)
        // A value may start with @; it is no file of arguments.
        .setExpandAtFiles(false)
        .setParameterExceptionHandler(Main::explainUsage)
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              if (failure instanceof CommandFailure) {
                surroundings.err().println(failure.getMessage());
                return CommandLine.ExitCode.SOFTWARE;
              }
              throw failure;
            });
    return commandLine;
  }

  /** One line for a mistake in a long command; the whole usage for one that names no command. */
  private static int explainUsage(ParameterException mistake, String[] arguments) {
    CommandLine command = mistake.getCommandLine();
    PrintWriter err = command.getErr();
    err.println(mistake.getMessage());
    if (command.getSubcommands().isEmpty()) {
      err.println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
    } else {
      command.usage(err);
    }
    return CommandLine.ExitCode.USAGE;
  }

  private static PrintStream utf8(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  /** Reads the version that the build wrote into the jar. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {
        "shardwell " + (version == null ? "(not packaged)" : version), "Java " + Runtime.version()
      };
    }
  }
}
