package io.shardwell.raftgroup;

import java.util.List;
import java.util.Locale;

/**
 * What one node knows at one moment, for people and tools.
 *
 * @param clusterId hex digits, empty before the first start is complete
 * @param notReadyReason empty when ready
 * @param logBytes size of the shared log's live segments
 * @param disk how much space there is
 * @param memoryBudget what all replicas of a node together may hold by the cluster's setting as
 *     this node knows it, in bytes; 0 if there is no limit
 * @param memoryRevision of that setting, as in {@link ReplicaStatus}
 */
public record NodeStatus(
    String nodeId,
    long incarnation,
    String clusterId,
    boolean ready,
    String notReadyReason,
    long uptimeMillis,
    long mapEpoch,
    int shards,
    List<PeerStatus> nodes,
    List<ReplicaStatus> replicas,
    long logBytes,
    DiskStatus disk,
    long memoryBudget,
    long memoryRevision) {

  /**
   * The space on this node's disk.
   *
   * @param freeBytes at the last measurement, -1 if there was none
   * @param minFreeBytes below this the node stands aside; 0 if it never does
   * @param low whether the node stands aside, or hands its leaderships over to do so
   * @param standsAside whether it takes no part in anything that writes
   */
  public record DiskStatus(long freeBytes, long minFreeBytes, boolean low, boolean standsAside) {}

  /**
   * A node of the cluster, this one included.
   *
   * @param linkMillis for how long this node's link to it has been up, 0 if it is not
   * @param droppedFrames not sent to it since the start, because it did not read fast enough
   * @param droppedMessages not sent to it since the start, because no frame holds them
   */
  public record PeerStatus(
      String id,
      String host,
      int peerPort,
      String clientHost,
      int respPort,
      int textPort,
      int httpPort,
      int clusterPort,
      boolean reachable,
      long linkMillis,
      long droppedFrames,
      long droppedMessages) {}

  /**
   * A replica on this node.
   *
   * @param shard -1 for `meta`
   * @param leaderId empty if unknown
   * @param volatileKeys of the keys, those that have a deadline
   * @param difference in which way its digest differed from others' at the same log entry where
   *     they were last compared, without a majority saying who is wrong; else empty
   * @param memoryLimit what its keys may count, in bytes, by its log; 0 if there is no limit
   * @param memoryRevision of that limit; 0 if it never had one
   */
  public record ReplicaStatus(
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
      long volatileKeys,
      long logicalBytes,
      long expiredKeys,
      long evictedKeys,
      long keyHits,
      long keyMisses,
      long logTimeMillis,
      long digest,
      String difference,
      long memoryLimit,
      long memoryRevision) {}

  /** Keys that reads answered by this node's replicas have found, since its start. */
  public long keyHits() {
    return replicas.stream().mapToLong(ReplicaStatus::keyHits).sum();
  }

  /** Keys that reads answered by this node's replicas have looked for in vain, since its start. */
  public long keyMisses() {
    return replicas.stream().mapToLong(ReplicaStatus::keyMisses).sum();
  }

  /** One JSON object on one line; field names as in this record, digests and ids as strings. */
  public String toJson() {
    StringBuilder out = new StringBuilder(4096);
    out.append('{');
    text(out, "nodeId", nodeId).append(',');
    text(out, "incarnation", Long.toHexString(incarnation)).append(',');
    text(out, "clusterId", clusterId).append(',');
    raw(out, "ready", ready).append(',');
    text(out, "notReadyReason", notReadyReason).append(',');
    raw(out, "uptimeMillis", uptimeMillis).append(',');
    raw(out, "mapEpoch", mapEpoch).append(',');
    raw(out, "shards", shards).append(',');
    raw(out, "logBytes", logBytes).append(',');
    raw(out, "freeBytes", disk.freeBytes).append(',');
    raw(out, "minFreeBytes", disk.minFreeBytes).append(',');
    raw(out, "diskIsLow", disk.low).append(',');
    raw(out, "standsAside", disk.standsAside).append(',');
    raw(out, "memoryBudget", memoryBudget).append(',');
    raw(out, "memoryRevision", memoryRevision).append(",\"nodes\":[");
    for (int i = 0; i < nodes.size(); i++) {
      PeerStatus node = nodes.get(i);
      out.append(i == 0 ? "{" : ",{");
      text(out, "id", node.id).append(',');
      text(out, "host", node.host).append(',');
      raw(out, "peerPort", node.peerPort).append(',');
      text(out, "clientHost", node.clientHost).append(',');
      raw(out, "respPort", node.respPort).append(',');
      raw(out, "textPort", node.textPort).append(',');
      raw(out, "httpPort", node.httpPort).append(',');
      raw(out, "clusterPort", node.clusterPort).append(',');
      raw(out, "reachable", node.reachable).append(',');
      raw(out, "linkMillis", node.linkMillis).append(',');
      raw(out, "droppedFrames", node.droppedFrames).append(',');
      raw(out, "droppedMessages", node.droppedMessages).append('}');
    }
    out.append("],\"replicas\":[");
    for (int i = 0; i < replicas.size(); i++) {
      ReplicaStatus replica = replicas.get(i);
      out.append(i == 0 ? "{" : ",{");
      raw(out, "shard", replica.shard).append(',');
      raw(out, "firstSlot", replica.firstSlot).append(',');
      raw(out, "lastSlot", replica.lastSlot).append(',');
      text(out, "role", replica.role).append(',');
      text(out, "leaderId", replica.leaderId).append(',');
      raw(out, "term", replica.term).append(',');
      raw(out, "commitIndex", replica.commitIndex).append(',');
      raw(out, "appliedIndex", replica.appliedIndex).append(',');
      raw(out, "lastLogIndex", replica.lastLogIndex).append(',');
      raw(out, "snapshotIndex", replica.snapshotIndex).append(',');
      raw(out, "keys", replica.keys).append(',');
      raw(out, "volatileKeys", replica.volatileKeys).append(',');
      raw(out, "logicalBytes", replica.logicalBytes).append(',');
      raw(out, "expiredKeys", replica.expiredKeys).append(',');
      raw(out, "evictedKeys", replica.evictedKeys).append(',');
      raw(out, "keyHits", replica.keyHits).append(',');
      raw(out, "keyMisses", replica.keyMisses).append(',');
      raw(out, "logTimeMillis", replica.logTimeMillis).append(',');
      text(out, "digest", Long.toHexString(replica.digest)).append(',');
      text(out, "difference", replica.difference).append(',');
      raw(out, "memoryLimit", replica.memoryLimit).append(',');
      raw(out, "memoryRevision", replica.memoryRevision).append('}');
    }
    return out.append("]}").toString();
  }

  private static StringBuilder raw(StringBuilder out, String name, Object value) {
    return out.append('"').append(name).append("\":").append(value);
  }

  private static StringBuilder text(StringBuilder out, String name, String value) {
    out.append('"').append(name).append("\":\"");
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"');
  }
}
