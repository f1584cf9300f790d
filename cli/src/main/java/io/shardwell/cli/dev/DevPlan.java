package io.shardwell.cli.dev;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Who is who in a cluster on one machine. Ports are fixed offsets from the base port, so that they
 * can be known without asking: scripts rely on them.
 *
 * @param minFreeBytes null for the default of the nodes
 */
record DevPlan(ClusterShape shape, List<DevNode> nodes, @Nullable Long minFreeBytes) {

  static final String HOST = "127.0.0.1";

  /** As many as a cluster may have. */
  static final int MAX_NODES = 64;

  static final int MAX_SHARDS = 1024;

  private static final int TEXT_OFFSET = 221;
  private static final int CLUSTER_OFFSET = 1_000;
  private static final int HTTP_OFFSET = 2_000;
  private static final int PEER_OFFSET = 10_000;

  /** One past the last base port at which the ports of all nodes are ports. */
  static int basePortLimit(int nodes) {
    return 65_536 - PEER_OFFSET - (nodes - 1);
  }

  /** A node and where it listens. */
  record DevNode(
      String id, Path dir, int port, int clusterPort, int textPort, int httpPort, int peerPort) {

    List<Integer> ports() {
      return List.of(port, clusterPort, textPort, httpPort, peerPort);
    }

    Path log() {
      return dir.resolveSibling(id + ".log");
    }
  }

  /** Lays out nodes n1, n2, ... in folders of the same names. */
  static DevPlan of(ClusterShape shape, int basePort, Path dir, @Nullable Long minFreeBytes) {
    List<DevNode> all = new ArrayList<>(shape.nodes());
    for (int i = 0; i < shape.nodes(); i++) {
      String id = "n" + (i + 1);
      int port = basePort + i;
      all.add(
          new DevNode(
              id,
              dir.resolve(id),
              port,
              port + CLUSTER_OFFSET,
              port + TEXT_OFFSET,
              port + HTTP_OFFSET,
              port + PEER_OFFSET));
    }
    return new DevPlan(shape, List.copyOf(all), minFreeBytes);
  }

  /** The {@code shardwell} command that runs one of the nodes. */
  List<String> serveCommand(DevNode node) {
    String members =
        nodes.stream()
            .map(member -> member.id() + "=" + HOST + ":" + member.peerPort())
            .collect(Collectors.joining(","));
    List<String> command = new ArrayList<>();
    Collections.addAll(
        command,
        "serve",
        "--id",
        node.id(),
        "--dir",
        node.dir().toString(),
        "--nodes",
        members,
        "--bind",
        HOST,
        "--port",
        Integer.toString(node.port()),
        "--cluster-port",
        Integer.toString(node.clusterPort()),
        "--text-port",
        Integer.toString(node.textPort()),
        "--peer-port",
        Integer.toString(node.peerPort()),
        "--http-port",
        Integer.toString(node.httpPort()),
        "--shards",
        Integer.toString(shape.shards()));
    if (minFreeBytes != null) {
      Collections.addAll(command, "--min-free-bytes", Long.toString(minFreeBytes));
    }
    return command;
  }
}
