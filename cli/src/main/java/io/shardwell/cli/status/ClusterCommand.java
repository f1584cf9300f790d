package io.shardwell.cli.status;

import io.shardwell.cli.Surroundings;
import io.shardwell.cli.client.NodeAddress;
import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code shardwell cluster}: questions to the cluster as a whole. */
@Command(
    name = "cluster",
    description = "Asks a cluster about itself.",
    synopsisSubcommandLabel = "COMMAND")
public final class ClusterCommand {

  /** A node's status is local to it and answered at once; longer means it hangs. */
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private final Surroundings surroundings;

  /** With its output going where {@code surroundings} says. */
  public ClusterCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Option(names = "--help", usageHelp = true, description = "Shows this help.")
  boolean help;

  enum Format {
    TABLE,
    JSON
  }

  @Command(
      name = "status",
      description = {
        "Shows nodes, shards, leaders, terms, commit and applied index, lag and log bytes.",
        "Exit code 1 when a shard has no leader or replicas differ."
      },
      sortOptions = false)
  int status(
      @Mixin NodeAddress node,
      @Option(
              names = "--format",
              paramLabel = "table|json",
              defaultValue = "table",
              description = "How to show it (default: ${DEFAULT-VALUE}).")
          Format format,
      @Option(names = "--help", usageHelp = true, description = "Shows this help.")
          boolean showHelp) {
    ClusterView view;
    try {
      view = new ClusterQuery(TIMEOUT).askAll(node.host(), node.port());
    } catch (IOException | IllegalArgumentException failure) {
      throw node.unreachable(failure);
    }
    surroundings
        .out()
        .print(
            switch (format) {
              case TABLE -> StatusTable.render(view);
              case JSON -> StatusJson.render(view);
            });
    return view.serving() ? ExitCode.OK : ExitCode.SOFTWARE;
  }
}
