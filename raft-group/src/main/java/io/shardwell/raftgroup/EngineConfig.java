package io.shardwell.raftgroup;

import io.shardwell.statemachine.MemoryLimit;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an {@link Engine} is told at its start.
 *
 * @param nodeId this node's name, one of the listed
 * @param nodes every node of the cluster with the address of its peer port, this node included
 * @param advertised where clients reach this node
 * @param shards number of shards; fixed at the cluster's first start
 * @param replicas replicas of a shard; at most as many as there are nodes are made
 * @param seed of all randomness in this node: timeouts, the incarnation of a new directory
 * @param tuning durations and sizes
 * @param memory bytes each node may use for data and what happens then: the cluster's first
 *     setting, of no effect if it ever had one; {@link MemoryLimit#NONE} to leave it to others
 */
public record EngineConfig(
    String nodeId,
    SortedMap<String, PeerAddress> nodes,
    ClientAddress advertised,
    int shards,
    int replicas,
    long seed,
    Tuning tuning,
    MemoryLimit memory) {

  /** The most nodes in one cluster. */
  public static final int MAX_NODES = 64;

  /** The most shards in one cluster. */
  public static final int MAX_SHARDS = 1024;

  /** Without a first memory setting. */
  public EngineConfig(
      String nodeId,
      SortedMap<String, PeerAddress> nodes,
      ClientAddress advertised,
      int shards,
      int replicas,
      long seed,
      Tuning tuning) {
    this(nodeId, nodes, advertised, shards, replicas, seed, tuning, MemoryLimit.NONE);
  }

  public EngineConfig {
    nodes = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
    if (!nodes.containsKey(nodeId)) {
      throw new IllegalArgumentException("node " + nodeId + " is not among " + nodes.keySet());
    }
    for (String id : nodes.keySet()) {
      if (!id.matches("[A-Za-z0-9_.-]{1,40}")) {
        throw new IllegalArgumentException(
            "node id '" + id + "' must be 1 to 40 letters, digits, dots, dashes or underscores");
      }
    }
    if (nodes.size() > MAX_NODES) {
      throw new IllegalArgumentException("more than " + MAX_NODES + " nodes: " + nodes.size());
    }
    if (shards < 1 || shards > MAX_SHARDS) {
      throw new IllegalArgumentException("shards must be 1 to " + MAX_SHARDS + ": " + shards);
    }
    if (replicas < 1) {
      throw new IllegalArgumentException("replicas must be at least 1: " + replicas);
    }
  }

  /** The same with a first memory setting. */
  public EngineConfig withMemory(MemoryLimit first) {
    return new EngineConfig(nodeId, nodes, advertised, shards, replicas, seed, tuning, first);
  }

  /** The same with other randomness. */
  public EngineConfig withSeed(long newSeed) {
    return new EngineConfig(nodeId, nodes, advertised, shards, replicas, newSeed, tuning, memory);
  }

  /** The usual way: with default tuning. */
  public static EngineConfig of(
      String nodeId,
      Map<String, PeerAddress> nodes,
      ClientAddress advertised,
      int shards,
      int replicas,
      long seed) {
    return new EngineConfig(
        nodeId, new TreeMap<>(nodes), advertised, shards, replicas, seed, Tuning.DEFAULT);
  }
}
