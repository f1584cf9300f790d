package io.shardwell.raftgroup;

import io.shardwell.raftgroup.cluster.ClusterMap;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.routing.SlotOwners;
import io.shardwell.raftgroup.wire.PeerMessage;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the nodes tell each other of themselves all the time: their clocks, what they lead, how old
 * their map is, and whether they have space and mean to stay. Hints for choices and for clients,
 * never for safety. Loop thread only.
 */
final class Pulses {

  private final EventLoop loop;
  private final Post post;
  private final Set<String> peers;
  private final LocalReplicas replicas;
  private final ClusterMapCopy mapCopy;
  private final SlotOwners owners;
  private final NodeClocks clocks;
  private final FullDisks fullDisks;

  /** The nodes that have said so, until their links break. */
  private final Set<String> leaving = new TreeSet<>();

  /** Likewise. */
  private final Set<String> behind = new TreeSet<>();

  Pulses(
      EventLoop loop,
      Post post,
      Set<String> peers,
      LocalReplicas replicas,
      ClusterMapCopy mapCopy,
      SlotOwners owners,
      NodeClocks clocks,
      FullDisks fullDisks) {
    this.loop = loop;
    this.post = post;
    this.peers = peers;
    this.replicas = replicas;
    this.mapCopy = mapCopy;
    this.owners = owners;
    this.clocks = clocks;
    this.fullDisks = fullDisks;
  }

  /**
   * Tells all others of this node.
   *
   * @param isLeaving whether nobody should hand anything to it any more
   */
  void tell(boolean diskIsLow, boolean isLeaving) {
    for (String nodeId : peers) {
      tell(nodeId, diskIsLow, isLeaving);
    }
  }

  /**
   * Tells one node. Said first on a new link, so that nobody comes to lead, which takes another's
   * vote, without knowing another's clock.
   */
  void tell(String nodeId, boolean diskIsLow, boolean isLeaving) {
    ClusterMap known = Objects.requireNonNull(mapCopy.latest());
    post.tell(
        nodeId,
        new PeerMessage.Pulse(
            loop.wallClockMillis(),
            known.epoch(),
            replicas.leads(),
            diskIsLow,
            isLeaving,
            replicas.all().stream().anyMatch(Replica::isCatchingUp)));
  }

  /** A node tells of itself; gets our map if it has an older one. */
  void heard(String from, PeerMessage.Pulse pulse) {
    clocks.heard(from, pulse.wallClockMillis());
    for (PeerMessage.GroupTerm led : pulse.leads()) {
      owners.heard(led.shard(), from, led.term());
    }
    fullDisks.heard(from, pulse.diskIsLow());
    keep(leaving, from, pulse.isLeaving());
    keep(behind, from, pulse.isBehind());
    ClusterMap known = Objects.requireNonNull(mapCopy.map());
    if (pulse.mapEpoch() < known.epoch()) {
      post.tell(from, new PeerMessage.MapCopy(known.encode()));
    }
  }

  private static void keep(Set<String> nodes, String node, boolean isOne) {
    if (isOne) {
      nodes.add(node);
    } else {
      nodes.remove(node);
    }
  }

  /** The link to the node broke: it may come back as another, on the same machine. */
  void forget(String nodeId) {
    fullDisks.heard(nodeId, false);
    leaving.remove(nodeId);
    behind.remove(nodeId);
  }

  /** Whether the node has said that it is about to leave. */
  boolean isLeaving(String nodeId) {
    return leaving.contains(nodeId);
  }

  /** Whether the node may be asked to lead, as far as it has said. */
  boolean takesOffice(String nodeId) {
    return !leaving.contains(nodeId) && !behind.contains(nodeId);
  }
}
