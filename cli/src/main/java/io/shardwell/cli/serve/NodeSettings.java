package io.shardwell.cli.serve;

import io.shardwell.server.MemorySize;
import io.shardwell.server.NodeConfig;
import io.shardwell.statemachine.EvictionPolicy;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** From settings, which are text, to what a node is told. */
final class NodeSettings {

  // As in `shardwell dev`, so that nodes on one machine differ in --port only.
  private static final int CLUSTER_PORT_DISTANCE =
      NodeConfig.DEFAULT_CLUSTER_PORT - NodeConfig.DEFAULT_PORT;
  private static final int HTTP_PORT_DISTANCE =
      NodeConfig.DEFAULT_HTTP_PORT - NodeConfig.DEFAULT_PORT;
  private static final int ANY_PORT = 0;
  private static final int LAST_PORT = 65_535;

  private NodeSettings() {}

  /**
   * The node's configuration.
   *
   * @throws IllegalArgumentException saying which setting is missing or wrong and what it may be
   */
  static NodeConfig toConfig(Settings settings) {
    NodeConfig.Builder builder =
        NodeConfig.builder(settings.text(Setting.ID))
            .dir(Path.of(settings.text(Setting.DIR)))
            .nodes(nodes(settings))
            .bind(settings.text(Setting.BIND))
            .port(settings.number(Setting.PORT))
            .clusterPort(besidePort(settings, Setting.CLUSTER_PORT, CLUSTER_PORT_DISTANCE))
            .textPort(settings.number(Setting.TEXT_PORT))
            .httpPort(besidePort(settings, Setting.HTTP_PORT, HTTP_PORT_DISTANCE))
            .shards(settings.number(Setting.SHARDS))
            .replicas(settings.number(Setting.REPLICAS))
            .maxClients(settings.number(Setting.MAX_CLIENTS))
            .ioThreads(settings.number(Setting.IO_THREADS))
            .maxMemory(memory(settings))
            .maxMemoryPolicy(policy(settings))
            .minFreeBytes(settings.bytes(Setting.MIN_FREE_BYTES))
            .insecure(settings.yes(Setting.INSECURE))
            .standalone(true);
    if (settings.find(Setting.PEER_PORT) != null) {
      builder.peerPort(settings.number(Setting.PEER_PORT));
    }
    if (settings.find(Setting.ADVERTISED_HOST) != null) {
      builder.advertisedHost(settings.text(Setting.ADVERTISED_HOST));
    }
    return builder.build();
  }

  /** What is not given follows --port at a distance; --port 0 takes any free one for both. */
  private static int besidePort(Settings settings, Setting setting, int distance) {
    if (settings.find(setting) != null) {
      return settings.number(setting);
    }
    int port = settings.number(Setting.PORT);
    if (port > LAST_PORT - distance && port <= LAST_PORT) {
      throw settings.wrong(
          Setting.PORT,
          "leaves no room for " + setting.flag() + " " + distance + " above it: give it");
    }
    return port == ANY_PORT || port > LAST_PORT ? port : port + distance;
  }

  private static long memory(Settings settings) {
    try {
      return MemorySize.parse(settings.text(Setting.MAXMEMORY));
    } catch (IllegalArgumentException notBytes) {
      throw settings.wrong(Setting.MAXMEMORY, "is not a number of bytes such as 100mb");
    }
  }

  private static EvictionPolicy policy(Settings settings) {
    EvictionPolicy policy = EvictionPolicy.byText(settings.text(Setting.MAXMEMORY_POLICY));
    if (policy == null) {
      throw settings.wrong(
          Setting.MAXMEMORY_POLICY, "is none of noeviction, allkeys-lru, volatile-lru");
    }
    return policy;
  }

  /** {@code n1=10.0.0.1:16379,n2=...}, in any order, blanks around the commas allowed. */
  private static Map<String, String> nodes(Settings settings) {
    Map<String, String> nodes = new LinkedHashMap<>();
    for (String node : settings.text(Setting.NODES).split(",", -1)) {
      int equals = node.indexOf('=');
      if (equals < 0) {
        throw settings.wrong(Setting.NODES, "is not of the form ID=HOST:PEERPORT,...");
      }
      String id = node.substring(0, equals).strip();
      if (nodes.put(id, node.substring(equals + 1).strip()) != null) {
        throw settings.wrong(Setting.NODES, "names " + id + " twice");
      }
    }
    return nodes;
  }
}
