package io.shardwell.cli.dev;

import io.shardwell.cli.CommandFailure;
import io.shardwell.cli.Surroundings;
import io.shardwell.server.NodeConfig;
import io.shardwell.server.client.LocalPorts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code shardwell dev}: a cluster on this machine until Ctrl-C. */
@Command(
    name = "dev",
    description = {
      "Runs a whole cluster on this machine, one process for each node, until Ctrl-C.",
      "",
      "Node i listens on base+i-1 (RESP), base+1000+i-1 (Redis Cluster), base+221+i-1 (plain text),"
          + " base+2000+i-1 (HTTP) and base+10000+i-1 (peers), on loopback only."
    },
    sortOptions = false)
public final class DevCommand implements Callable<Integer> {

  private final Surroundings surroundings;

  @Spec CommandSpec spec;

  @Option(
      names = "--nodes",
      paramLabel = "N",
      description = "Number of nodes (default: as DIR has it, else 3).")
  @Nullable Integer nodes;

  @Option(
      names = "--shards",
      paramLabel = "N",
      description = "Number of shards (default: as DIR has it, else 16).")
  @Nullable Integer shards;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "Keeps the data in DIR/n1, DIR/n2, ...; the same DIR again recovers it. Without it the"
              + " data is temporary and removed at the end.")
  @Nullable Path dir;

  @Option(
      names = "--base-port",
      paramLabel = "PORT",
      defaultValue = "6379",
      description = "Port of the first node (default: ${DEFAULT-VALUE}).")
  int basePort;

  @Option(
      names = "--min-free-bytes",
      paramLabel = "BYTES",
      description =
          "With less free disk space the nodes stand aside; at least 67108864, or 0 for never"
              + " (default: 268435456).")
  @Nullable Long minFreeBytes;

  @Option(names = "--help", usageHelp = true, description = "Shows this help.")
  boolean help;

  /** With its output going where {@code surroundings} says. */
  public DevCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws InterruptedException {
    check("--nodes", nodes, DevPlan.MAX_NODES);
    check("--shards", shards, DevPlan.MAX_SHARDS);
    Long minFree = minFreeBytes;
    if (minFree != null && minFree != 0 && minFree < NodeConfig.LEAST_MIN_FREE_BYTES) {
      throw new ParameterException(
          spec.commandLine(),
          "--min-free-bytes must be at least "
              + NodeConfig.LEAST_MIN_FREE_BYTES
              + ", or 0: "
              + minFree);
    }
    try {
      ClusterShape shape = ClusterShape.choose(nodes, shards, dir);
      check("--base-port", basePort, DevPlan.basePortLimit(shape.nodes()) - 1);
      // Before anything is written: a second `dev` by mistake must change nothing.
      requireFreePorts(DevPlan.of(shape, basePort, Path.of("."), minFree));
      DevDirectory directory = DevDirectory.open(dir);
      DevPlan plan = DevPlan.of(shape, basePort, directory.path(), minFree);
      return new DevCluster(plan, directory, surroundings).run();
    } catch (IOException failure) {
      throw new CommandFailure("Cannot run the cluster: " + failure);
    }
  }

  private void check(String option, @Nullable Integer value, int max) {
    if (value != null && (value < 1 || value > max)) {
      throw new ParameterException(
          spec.commandLine(), option + " must be from 1 to " + max + ": " + value);
    }
  }

  private static void requireFreePorts(DevPlan plan) {
    List<String> busy = new ArrayList<>();
    for (DevPlan.DevNode node : plan.nodes()) {
      for (int port : node.ports()) {
        if (!LocalPorts.isFree(DevPlan.HOST, port)) {
          busy.add(port + " (for " + node.id() + ")");
        }
      }
    }
    if (!busy.isEmpty()) {
      throw new CommandFailure(
          "Port already in use: "
              + String.join(", ", busy)
              + "\nStop what listens there, or choose other ports with --base-port.");
    }
  }
}
