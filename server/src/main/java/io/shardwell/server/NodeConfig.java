package io.shardwell.server;

import io.shardwell.raftgroup.EngineConfig;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.statemachine.EvictionPolicy;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Everything one node is told at its start. Made by {@link #builder(String)}; checked as a whole
 * when built.
 *
 * @param id this node's name: 1 to 40 letters, digits, dots, dashes, underscores
 * @param dir where the data lives; null keeps it in memory only
 * @param nodes every node of the cluster with its peer address, this node included
 * @param bind the address all listeners bind to
 * @param advertisedHost the host under which clients reach this node, shown in status
 * @param port of the RESP listener; 0 picks a free one
 * @param clusterPort of the listener for Redis Cluster clients; 0 picks a free one, -1 is off
 * @param textPort of the plain-text listener; 0 picks a free one, -1 is off
 * @param peerPort of the peers' listener; 0 picks a free one (for a cluster of one)
 * @param httpPort of the HTTP listener; 0 picks a free one, -1 is off
 * @param shards of the cluster, fixed at its first start
 * @param replicas of each shard; at most as many as there are nodes are made
 * @param maxClients connections of clients, of all listeners for them together, beyond which new
 *     ones are refused
 * @param ioThreads threads for the sockets of clients, the node's loop included; 1 to {@link
 *     #MAX_IO_THREADS}, where 1 means that it does all
 * @param maxMemory bytes each node may use for data, all its replicas together; 0 for no limit. As
 *     the policy it is the cluster's first setting: of no effect once it has one
 * @param maxMemoryPolicy what happens when they are used
 * @param minFreeBytes with less free space on the disk of {@code dir} the node stands aside until
 *     there is a quarter more: it does not lead, vote or append, and only forwards its clients'
 *     commands; 0 is off, otherwise at least {@link #LEAST_MIN_FREE_BYTES}
 * @param insecure allows a bind address that others than this machine can reach although there is
 *     no password yet
 * @param standalone whether this node is its whole process: a fault then halts the process;
 *     otherwise it stops only this node
 */
public record NodeConfig(
    String id,
    @Nullable Path dir,
    SortedMap<String, PeerAddress> nodes,
    String bind,
    String advertisedHost,
    int port,
    int clusterPort,
    int textPort,
    int peerPort,
    int httpPort,
    int shards,
    int replicas,
    int maxClients,
    int ioThreads,
    long maxMemory,
    EvictionPolicy maxMemoryPolicy,
    long minFreeBytes,
    boolean insecure,
    boolean standalone) {

  public static final int DEFAULT_PORT = 6379;
  public static final int DEFAULT_CLUSTER_PORT = 7379;
  public static final int DEFAULT_PEER_PORT = 16379;
  public static final int DEFAULT_HTTP_PORT = 8379;
  public static final int DEFAULT_SHARDS = 16;
  public static final int DEFAULT_REPLICAS = 3;
  public static final int DEFAULT_MAX_CLIENTS = 20_000;
  public static final int DEFAULT_IO_THREADS = 1;
  public static final long DEFAULT_MIN_FREE_BYTES = 256L << 20;

  /** More only wait: the node's loop executes what they read, and it is one. */
  public static final int MAX_IO_THREADS = 16;

  /** Less would not hold what can still be written when a node stands aside. */
  public static final long LEAST_MIN_FREE_BYTES = 64L << 20;

  /** The port of a listener that is not wanted. */
  public static final int OFF = -1;

  /**
   * Checks everything.
   *
   * @throws IllegalArgumentException saying which setting is wrong and what it may be
   */
  public NodeConfig {
    nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
    checkId(id);
    nodes.keySet().forEach(NodeConfig::checkId);
    check(
        nodes.containsKey(id), "nodes must list this node: " + id + " is not in " + nodes.keySet());
    check(nodes.size() <= EngineConfig.MAX_NODES, "nodes: at most " + EngineConfig.MAX_NODES);
    nodes.forEach(
        (name, address) ->
            check(
                address.port() > 0 || (name.equals(id) && peerPort == 0 && address.port() == 0),
                "nodes: " + name + " needs a port, is " + address));
    check(
        nodes.values().stream().distinct().count() == nodes.size(),
        "nodes: two nodes have the same address: " + nodes);
    check(!bind.isBlank(), "bind must not be empty; use 127.0.0.1 or an address of this machine");
    checkPort("port", port, 0);
    checkPort("cluster-port", clusterPort, OFF);
    checkPort("text-port", textPort, OFF);
    checkPort("peer-port", peerPort, 0);
    checkPort("http-port", httpPort, OFF);
    check(
        shards >= 1 && shards <= EngineConfig.MAX_SHARDS,
        "shards must be 1 to " + EngineConfig.MAX_SHARDS + ", is " + shards);
    check(replicas >= 1 && replicas <= 7, "replicas must be 1 to 7, is " + replicas);
    check(maxMemory >= 0, "maxmemory must not be negative, is " + maxMemory);
    check(maxClients >= 1, "maxclients must be at least 1, is " + maxClients);
    check(
        ioThreads >= 1 && ioThreads <= MAX_IO_THREADS,
        "io-threads must be 1 to " + MAX_IO_THREADS + ", is " + ioThreads);
    check(
        minFreeBytes == 0 || minFreeBytes >= LEAST_MIN_FREE_BYTES,
        "min-free-bytes must be at least "
            + LEAST_MIN_FREE_BYTES
            + ", or 0 for none, is "
            + minFreeBytes);
    check(
        insecure || isLoopback(bind),
        "DENIED: protected mode. bind "
            + bind
            + " is open to other machines and there is no password; bind 127.0.0.1, or say"
            + " 'insecure' if the network itself keeps strangers out");
  }

  /** With the defaults of a cluster of one on this machine. */
  public static Builder builder(String id) {
    return new Builder(id);
  }

  /** Whether only this machine can reach the address; names other than localhost count as open. */
  static boolean isLoopback(String bind) {
    return bind.equals("localhost")
        || bind.equals("::1")
        || bind.equals("0:0:0:0:0:0:0:1")
        || bind.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
  }

  /** Whether data survives the process. */
  public boolean durable() {
    return dir != null;
  }

  private static void checkId(String id) {
    check(
        id.matches("[A-Za-z0-9_.-]{1,40}"),
        "node id '" + id + "' must be 1 to 40 letters, digits, dots, dashes or underscores");
  }

  private static void checkPort(String name, int port, int least) {
    check(
        port >= least && port <= 65_535,
        name
            + " must be "
            + least
            + " to 65535"
            + (least < 0 ? " (-1: off)" : "")
            + ", is "
            + port);
  }

  private static void check(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }

  /** Collects settings; not thread-safe. */
  public static final class Builder {
    private final String id;
    private final SortedMap<String, PeerAddress> nodes = new TreeMap<>();
    private @Nullable Path dir;
    private String bind = "127.0.0.1";
    private @Nullable String advertisedHost;
    private int port = DEFAULT_PORT;
    private int clusterPort = OFF;
    private int textPort = OFF;
    private @Nullable Integer peerPort;
    private int httpPort = OFF;
    private int shards = DEFAULT_SHARDS;
    private int replicas = DEFAULT_REPLICAS;
    private int maxClients = DEFAULT_MAX_CLIENTS;
    private int ioThreads = DEFAULT_IO_THREADS;
    private long maxMemory;
    private EvictionPolicy maxMemoryPolicy = EvictionPolicy.NOEVICTION;
    private long minFreeBytes = DEFAULT_MIN_FREE_BYTES;
    private boolean insecure;
    private boolean standalone;

    private Builder(String id) {
      this.id = id;
    }

    /** Default: none, the data is in memory. */
    public Builder dir(@Nullable Path value) {
      dir = value;
      return this;
    }

    /** Adds a node of the cluster. Without any, this node is a cluster of one. */
    public Builder node(String nodeId, String host, int nodePeerPort) {
      nodes.put(nodeId, new PeerAddress(host, nodePeerPort));
      return this;
    }

    /**
     * Adds nodes written as {@code id -> host:peerPort}.
     *
     * @throws IllegalArgumentException if an address is not of that form
     */
    public Builder nodes(Map<String, String> addresses) {
      addresses.forEach((nodeId, address) -> nodes.put(nodeId, parse(nodeId, address)));
      return this;
    }

    public Builder bind(String value) {
      bind = value;
      return this;
    }

    /** Default: the bind address, or this node's host in the list of nodes if it binds to any. */
    public Builder advertisedHost(String value) {
      advertisedHost = value;
      return this;
    }

    public Builder port(int value) {
      port = value;
      return this;
    }

    /** Default: off. */
    public Builder clusterPort(int value) {
      clusterPort = value;
      return this;
    }

    public Builder textPort(int value) {
      textPort = value;
      return this;
    }

    /** Default: the port this node has in the list of nodes. */
    public Builder peerPort(int value) {
      peerPort = value;
      return this;
    }

    public Builder httpPort(int value) {
      httpPort = value;
      return this;
    }

    public Builder shards(int value) {
      shards = value;
      return this;
    }

    public Builder replicas(int value) {
      replicas = value;
      return this;
    }

    public Builder maxClients(int value) {
      maxClients = value;
      return this;
    }

    /** Default: 1, the node's loop reads and writes all sockets. */
    public Builder ioThreads(int value) {
      ioThreads = value;
      return this;
    }

    /** In bytes. Default: 0, no limit. */
    public Builder maxMemory(long value) {
      maxMemory = value;
      return this;
    }

    /** Default: writes that find no room are refused. */
    public Builder maxMemoryPolicy(EvictionPolicy value) {
      maxMemoryPolicy = value;
      return this;
    }

    /** Default: {@link #DEFAULT_MIN_FREE_BYTES}. Without a folder it means nothing. */
    public Builder minFreeBytes(long value) {
      minFreeBytes = value;
      return this;
    }

    public Builder insecure(boolean value) {
      insecure = value;
      return this;
    }

    public Builder standalone(boolean value) {
      standalone = value;
      return this;
    }

    /**
     * The checked settings.
     *
     * @throws IllegalArgumentException saying which setting is wrong and what it may be
     */
    public NodeConfig build() {
      SortedMap<String, PeerAddress> all = new TreeMap<>(nodes);
      PeerAddress listed = all.get(id);
      Integer wanted = peerPort;
      int ownPeerPort =
          wanted != null ? wanted : listed != null ? listed.port() : DEFAULT_PEER_PORT;
      if (all.isEmpty()) {
        all.put(id, new PeerAddress(bind, ownPeerPort));
      }
      String host = advertisedHost;
      if (host == null) {
        boolean any = bind.equals("0.0.0.0") || bind.equals("::");
        host = any && listed != null ? listed.host() : bind;
      }
      return new NodeConfig(
          id,
          dir,
          all,
          bind,
          host,
          port,
          clusterPort,
          textPort,
          ownPeerPort,
          httpPort,
          shards,
          replicas,
          maxClients,
          ioThreads,
          maxMemory,
          maxMemoryPolicy,
          minFreeBytes,
          insecure,
          standalone);
    }

    private static PeerAddress parse(String nodeId, String address) {
      int colon = address.lastIndexOf(':');
      String host = colon < 1 ? "" : address.substring(0, colon);
      if (host.startsWith("[") && host.endsWith("]")) {
        host = host.substring(1, host.length() - 1);
      }
      try {
        int port = Integer.parseInt(address, colon + 1, address.length(), 10);
        if (!host.isEmpty() && port >= 0 && port <= 65_535) {
          return new PeerAddress(host, port);
        }
      } catch (NumberFormatException e) {
        // Falls through to the one message that says what is wanted.
      }
      throw new IllegalArgumentException(
          "nodes: " + nodeId + " needs HOST:PEERPORT, is '" + address + "'");
    }
  }
}
