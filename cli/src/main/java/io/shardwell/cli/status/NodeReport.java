package io.shardwell.cli.status;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What one node says about itself and its cluster: the answer to {@code SHARDWELL STATUS}. The
 * fields are those of the node's own status record.
 *
 * @param clusterId empty before the cluster's first start is complete
 * @param notReadyReason empty when ready
 * @param logBytes size of the node's log on disk
 * @param freeBytes free on its disk, -1 if it does not say
 * @param minFreeBytes below this the node stands aside; 0 if it never does
 */
public record NodeReport(
    String nodeId,
    String clusterId,
    boolean ready,
    String notReadyReason,
    long uptimeMillis,
    int shards,
    long logBytes,
    long freeBytes,
    long minFreeBytes,
    List<Peer> nodes,
    List<Replica> replicas) {

  /** The number that stands for the {@code meta} group among the shards. */
  public static final int META = -1;

  /**
   * A node of the cluster as this one knows it.
   *
   * @param clientHost empty while the node has not told where its clients find it
   */
  public record Peer(
      String id,
      String host,
      int peerPort,
      String clientHost,
      int respPort,
      int textPort,
      int httpPort) {}

  /**
   * A replica on this node.
   *
   * @param role {@code leader}, {@code follower} or {@code learner}
   */
  public record Replica(
      int shard,
      int firstSlot,
      int lastSlot,
      String role,
      String leaderId,
      int term,
      long commitIndex,
      long appliedIndex,
      long lastLogIndex,
      long snapshotIndex,
      long keys,
      long logicalBytes,
      String digest) {

    boolean leads() {
      return role.equals("leader");
    }
  }

  /** Reads the JSON a node answers. */
  public static NodeReport parse(byte[] json) throws IOException {
    JsonTree tree = JsonTree.parse(json);
    List<Peer> nodes = new ArrayList<>();
    for (JsonTree node : tree.objects("nodes")) {
      nodes.add(
          new Peer(
              node.text("id"),
              node.text("host"),
              node.integer("peerPort"),
              node.text("clientHost"),
              node.integer("respPort"),
              node.integer("textPort"),
              node.integer("httpPort")));
    }
    List<Replica> replicas = new ArrayList<>();
    for (JsonTree replica : tree.objects("replicas")) {
      replicas.add(
          new Replica(
              replica.integer("shard"),
              replica.integer("firstSlot"),
              replica.integer("lastSlot"),
              replica.text("role"),
              replica.text("leaderId"),
              replica.integer("term"),
              replica.number("commitIndex"),
              replica.number("appliedIndex"),
              replica.number("lastLogIndex"),
              replica.number("snapshotIndex"),
              replica.number("keys"),
              replica.number("logicalBytes"),
              replica.text("digest")));
    }
    return new NodeReport(
        tree.text("nodeId"),
        tree.text("clusterId"),
        tree.yes("ready"),
        tree.text("notReadyReason"),
        tree.number("uptimeMillis"),
        tree.integer("shards"),
        tree.number("logBytes"),
        tree.number("freeBytes"),
        tree.number("minFreeBytes"),
        nodes,
        replicas);
  }
}
