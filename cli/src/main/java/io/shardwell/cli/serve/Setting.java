package io.shardwell.cli.serve;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What can be set for a node. One name, written three ways: {@code --text-port 6600} as a flag,
 * {@code SHARDWELL_TEXT_PORT=6600} in the environment, {@code text-port=6600} in the file.
 */
enum Setting {
  ID("ID", null, "Name of this node, one of --nodes."),
  DIR("DIR", null, "Where this node keeps its data."),
  NODES(
      "ID=HOST:PEERPORT,...",
      null,
      "All nodes of the cluster, this one included, with the addresses of their peer ports."),
  BIND("HOST", "127.0.0.1", "Address to listen on."),
  PORT("PORT", "6379", "Port for RESP clients."),
  CLUSTER_PORT("PORT", null, "Port for Redis Cluster clients. Reserved: nothing listens there yet."),
  TEXT_PORT("PORT", "-1", "Port for the plain-text protocol; -1: off."),
  PEER_PORT("PORT", null, "Port for the other nodes (default: this node's port in --nodes)."),
  HTTP_PORT("PORT", "8379", "Port for /livez and /readyz; -1: off."),
  SHARDS("N", "16", "Number of shards, fixed when the cluster first starts."),
  REPLICAS("N", "3", "Replicas of each shard; fewer where there are fewer nodes."),
  INSECURE("true|false", "false", "Listen beyond loopback although there is no password yet.");

  private final String valueLabel;
  private final @Nullable String defaultValue;
  private final String description;

  Setting(String valueLabel, @Nullable String defaultValue, String description) {
    this.valueLabel = valueLabel;
    this.defaultValue = defaultValue;
    this.description = description;
  }

  /** In a properties file. */
  String property() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** On the command line. */
  String flag() {
    return "--" + property();
  }

  /** In the environment. */
  String variable() {
    return "SHARDWELL_" + name();
  }

  String valueLabel() {
    return valueLabel;
  }

  @Nullable String defaultValue() {
    return defaultValue;
  }

  String description() {
    return defaultValue == null ? description : description + " Default: " + defaultValue + ".";
  }
}
