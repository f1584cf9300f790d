package io.shardwell.raftgroup;

import io.shardwell.raftgroup.cluster.ClusterMap;
import io.shardwell.raftgroup.cluster.ClusterTable;
import io.shardwell.raftgroup.cluster.FirstStart;
import io.shardwell.raftgroup.cluster.MetaState;
import io.shardwell.raftgroup.replica.ProposalListener;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.wire.PeerMessage;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * This node's copy of the cluster map, and the way of its changes to the original, which the group
 * `meta` keeps. The copy takes whatever is newer: from the node's own replica of `meta` or, on a
 * node without one, from others. Loop thread only.
 */
final class ClusterMapCopy {

  private final String nodeId;
  private final ClusterMap.Node self;
  private final LocalReplicas replicas;
  private final FirstStart firstStart;
  private final Post post;

  /** Null until the replicas open. Invariant: its epoch only grows. */
  private @Nullable ClusterMap map;

  /**
   * @param self what the map should say of this node
   */
  ClusterMapCopy(
      String nodeId,
      ClusterMap.Node self,
      LocalReplicas replicas,
      FirstStart firstStart,
      Post post) {
    this.nodeId = nodeId;
    this.self = self;
    this.replicas = replicas;
    this.firstStart = firstStart;
    this.post = post;
  }

  /** Begins with the first map, which all nodes derive from the table. */
  void begin(ClusterTable table) {
    assert map == null;
    ClusterMap first = ClusterMap.first(table);
    map = first;
    firstStart.learned(first);
  }

  /** Somebody knows this map. */
  void learn(ClusterMap other) {
    if (other.epoch() > Objects.requireNonNull(map).epoch()) {
      map = other;
      firstStart.learned(other);
    }
  }

  /** The copy as it is; null until the replicas open. */
  @Nullable ClusterMap map() {
    return map;
  }

  /** The copy, after a look at what this node's replica of `meta` has applied, if it has one. */
  @Nullable ClusterMap latest() {
    MetaState meta = replicas.metaState();
    if (replicas.isOpen() && meta != null) {
      learn(meta.map());
    }
    return map;
  }

  /** Where clients reach the node, as far as that is known. */
  ClientAddress clientAddress(String ofNode) {
    if (ofNode.equals(nodeId)) {
      return self.client();
    }
    ClusterMap.Node announced = map == null ? null : map.nodes().get(ofNode);
    return announced == null ? ClientAddress.UNKNOWN : announced.client();
  }

  // --- changes
  // -------------------------------------------------------------------------------------

  /** Sends a change to whoever leads `meta`; false if that is not known. */
  boolean announce(byte[] change) {
    Replica meta = replicas.meta();
    if (meta == null) {
      // Whoever of them leads takes it, the others do not.
      replicas.metaVoters().forEach(node -> post.tell(node, new PeerMessage.MapChange(change)));
      return true;
    }
    String leader = meta.leaderNodeId();
    if (leader != null) {
      post.tell(leader, new PeerMessage.MapChange(change));
    }
    return leader != null;
  }

  /** Announces this node if the map does not say of it what it should. */
  void announceSelf() {
    if (!self.equals(Objects.requireNonNull(map).nodes().get(nodeId))) {
      boolean unused = announce(MetaState.announcement(nodeId, self));
    }
  }

  /** A node asks for a change; proposed if it has come to the leader of `meta`. */
  void onChange(PeerMessage.MapChange change) {
    Replica meta = replicas.meta();
    if (meta != null && meta.isLeader() && MetaState.isChange(change.change())) {
      meta.propose(change.change(), ProposalListener.INDIFFERENT);
    }
  }
}
