package io.shardwell.cli.serve;

import io.shardwell.server.NodeConfig;
import io.shardwell.statemachine.EvictionPolicy;
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
  ADVERTISED_HOST("HOST", null, "Where clients reach this node (default: what it listens on)."),
  PORT("PORT", number(NodeConfig.DEFAULT_PORT), "Port for RESP clients."),
  CLUSTER_PORT(
      "PORT",
      null,
      "Port for Redis Cluster clients; -1 is off. Default: --port plus 1000, so 7379."),
  TEXT_PORT("PORT", number(NodeConfig.OFF), "Port for the plain-text protocol; -1 is off."),
  PEER_PORT("PORT", null, "Port for the other nodes (default: this node's port in --nodes)."),
  HTTP_PORT(
      "PORT", null, "Port for /livez, /readyz; -1 is off. Default: --port plus 2000, so 8379."),
  SHARDS(
      "N",
      number(NodeConfig.DEFAULT_SHARDS),
      "Number of shards, fixed when the cluster first starts."),
  REPLICAS(
      "N",
      number(NodeConfig.DEFAULT_REPLICAS),
      "Replicas of each shard; fewer where there are fewer nodes."),
  MAX_CLIENTS(
      "N", number(NodeConfig.DEFAULT_MAX_CLIENTS), "Connections beyond which clients are refused."),
  IO_THREADS(
      "N",
      number(NodeConfig.DEFAULT_IO_THREADS),
      "Threads for the sockets of clients, the main one included: more than 1 for a node whose main"
          + " thread is busy on a machine with idle cores."),
  MAXMEMORY(
      "BYTES",
      "0",
      "Memory each node may use for data, as 100mb or 1g; 0 is no limit. The cluster's first"
          + " setting: later CONFIG SET maxmemory changes it."),
  MAXMEMORY_POLICY(
      "POLICY",
      EvictionPolicy.NOEVICTION.text(),
      "What happens then: noeviction, allkeys-lru or volatile-lru. Like --maxmemory."),
  MIN_FREE_BYTES(
      "BYTES",
      Long.toString(NodeConfig.DEFAULT_MIN_FREE_BYTES),
      "With less free on the disk of DIR this node stands aside until there is a quarter more; at"
          + " least 67108864, or 0 for never."),
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

  private static String number(int value) {
    return Integer.toString(value);
  }
}
