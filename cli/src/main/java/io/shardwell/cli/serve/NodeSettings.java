package io.shardwell.cli.serve;

import io.shardwell.server.MemorySize;
import io.shardwell.server.NodeConfig;
import io.shardwell.statemachine.EvictionPolicy;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** From settings, which are text, to what a node is told. */
final class NodeSettings {

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
            .clusterPort(settings.number(Setting.CLUSTER_PORT))
            .textPort(settings.number(Setting.TEXT_PORT))
            .httpPort(settings.number(Setting.HTTP_PORT))
            .shards(settings.number(Setting.SHARDS))
            .replicas(settings.number(Setting.REPLICAS))
            .maxClients(settings.number(Setting.MAX_CLIENTS))
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
