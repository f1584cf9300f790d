package io.shardwell.cli.serve;

import io.shardwell.cli.CommandFailure;
import io.shardwell.cli.Surroundings;
import io.shardwell.server.Node;
import io.shardwell.server.NodeConfig;
import io.shardwell.server.NodeStartException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code shardwell serve}: one node, until it is told to stop. */
@Command(
    name = "serve",
    description = {
      "Runs one node until SIGTERM or Ctrl-C, which stop it gracefully.",
      "",
      "Every setting can also be given as an environment variable (--text-port is"
          + " SHARDWELL_TEXT_PORT) or in a properties file (text-port=6600). A flag wins over the"
          + " environment, that over the file."
    },
    sortOptions = false)
public final class ServeCommand implements Callable<Integer> {

  private final Surroundings surroundings;

  @Spec CommandSpec spec;

  @Option(names = "--config", paramLabel = "FILE", description = "Properties file with settings.")
  @Nullable Path config;

  @Option(
      names = "--stop-with-stdin",
      hidden = true,
      description = "Also stop when standard input ends: the process that started this is gone.")
  boolean stopWithStdin;

  @Option(names = "--help", usageHelp = true, description = "Shows this help.")
  boolean help;

  private ServeCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /** The command with a flag for each {@link Setting}. */
  public static CommandLine commandLine(Surroundings surroundings) {
    CommandLine commandLine = new CommandLine(new ServeCommand(surroundings));
    for (Setting setting : Setting.values()) {
      OptionSpec.Builder option =
          OptionSpec.builder(setting.flag())
              .type(String.class)
              .paramLabel(setting.valueLabel())
              .description(setting.description());
      if (setting == Setting.INSECURE) {
        option.arity("0..1").fallbackValue("true");
      }
      commandLine.getCommandSpec().addOption(option.build());
    }
    return commandLine;
  }

  @Override
  public Integer call() throws InterruptedException {
    NodeConfig nodeConfig = configuration();
    CountDownLatch stop = new CountDownLatch(1);
    surroundings.stop().arm(stop::countDown);
    if (stopWithStdin) {
      stopAtEndOfInput(stop);
    }
    try (Node node = Node.start(nodeConfig)) {
      var unused = node.stopped().whenComplete((done, fault) -> stop.countDown());
      stop.await();
    } catch (NodeStartException failure) {
      throw new CommandFailure(
          "Node " + nodeConfig.id() + " cannot start: " + failure.getMessage());
    }
    return ExitCode.OK;
  }

  private NodeConfig configuration() {
    try {
      return NodeSettings.toConfig(settings());
    } catch (IllegalArgumentException wrong) {
      throw new ParameterException(spec.commandLine(), String.valueOf(wrong.getMessage()), wrong);
    }
  }

  /** All layers merged. */
  Settings settings() {
    Map<Setting, String> flags = new EnumMap<>(Setting.class);
    CommandLine.ParseResult parsed = spec.commandLine().getParseResult();
    for (Setting setting : Setting.values()) {
      String value = parsed.matchedOptionValue(setting.flag(), null);
      if (value != null) {
        flags.put(setting, value);
      }
    }
    return Settings.merge(flags, surroundings.environment(), file());
  }

  private Properties file() {
    Properties properties = new Properties();
    if (config != null) {
      try (Reader reader = Files.newBufferedReader(config, StandardCharsets.UTF_8)) {
        properties.load(reader);
      } catch (IOException unreadable) {
        throw new CommandFailure("Cannot read " + config + ": " + unreadable);
      }
    }
    return properties;
  }

  /** A thread of its own, because reading from a pipe cannot be interrupted. */
  private static void stopAtEndOfInput(CountDownLatch stop) {
    Thread watch =
        new Thread(
            () -> {
              try {
                while (System.in.read() >= 0) {
                  // Nothing is ever written to us; only the end counts.
                }
              } catch (IOException broken) {
                // As good as the end.
              }
              stop.countDown();
            },
            "stdin-watch");
    watch.setDaemon(true);
    watch.start();
  }
}
