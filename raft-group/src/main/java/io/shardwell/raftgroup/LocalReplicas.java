package io.shardwell.raftgroup;

import io.shardwell.raftgroup.cluster.ClusterTable;
import io.shardwell.raftgroup.cluster.MetaState;
import io.shardwell.raftgroup.cluster.Placement;
import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.replica.LogClock;
import io.shardwell.raftgroup.replica.LoopContext;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import io.shardwell.raftgroup.replica.ReplicatedState;
import io.shardwell.raftgroup.replica.ShardReplicatedState;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.ShardState;
import io.shardwell.statemachine.ShardStats;
import io.shardwell.statemachine.Slots;
import io.shardwell.storage.RecoveredReplica;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The replicas on this node: one of each shard that is placed here, and one of `meta` if the node
 * is among its voters. All open together, as soon as the cluster's table is known, and stay. Loop
 * thread only.
 */
final class LocalReplicas {

  private final ReplicaEndpoint self;
  private final Placement placement;

  // Empty until open, then as they are.
  private final Map<Integer, ShardGroup> groups = new TreeMap<>();
  private final List<Replica> replicas = new ArrayList<>();
  private List<String> metaVoters = List.of();

  // Invariant: both null or neither.
  private @Nullable Replica meta;
  private @Nullable MetaState metaState;

  private boolean open;

  LocalReplicas(String nodeId, long incarnation, Placement placement) {
    this.self = new ReplicaEndpoint(nodeId, incarnation, 0);
    this.placement = placement;
  }

  /**
   * Opens them on what recovery found, or anew, and starts them.
   *
   * @param seeds for each replica's own random numbers
   * @param clocks which keep a leader's stamps near the others' clocks
   */
  void open(ClusterTable table, LoopContext context, Random seeds, NodeClocks clocks) {
    assert !open;
    metaVoters = MetaState.voters(table);
    if (metaVoters.contains(self.nodeId())) {
      MetaState state = new MetaState(table);
      metaState = state;
      meta = open(MetaState.GROUP, metaVoters, state, table, context, seeds);
    }
    for (int shard = 0; shard < shards(); shard++) {
      List<String> members = placement.members().get(shard);
      if (members.contains(self.nodeId())) {
        ShardReplicatedState state =
            new ShardReplicatedState(
                new LogClock(context.loop(), clocks::paceMillis), clocks::firstMillis);
        Replica replica = open(shard, members, state, table, context, seeds);
        groups.put(shard, new ShardGroup(shard, replica, state));
      }
    }
    context.storage().releaseRecovered();
    open = true;
    for (Replica replica : replicas) {
      replica.start(placement(replica).get(0).equals(self.nodeId()));
    }
  }

  private Replica open(
      int group,
      List<String> members,
      ReplicatedState state,
      ClusterTable table,
      LoopContext context,
      Random seeds) {
    List<ReplicaEndpoint> endpoints = new ArrayList<>();
    for (String node : members) {
      endpoints.add(
          new ReplicaEndpoint(node, Objects.requireNonNull(table.incarnations().get(node)), 0));
    }
    RecoveredReplica recovered = context.storage().recovered().get(group);
    Replica replica =
        Replica.open(context, group, self, endpoints, state, recovered, seeds.nextLong());
    replicas.add(replica);
    return replica;
  }

  boolean isOpen() {
    return open;
  }

  /** Of the whole cluster. */
  int shards() {
    return placement.members().size();
  }

  /** `meta`'s, then the shards' in their order. */
  List<Replica> all() {
    return Collections.unmodifiableList(replicas);
  }

  /** Those of shards, with their data, by shard. */
  Map<Integer, ShardGroup> groups() {
    return Collections.unmodifiableMap(groups);
  }

  /** The replica of that group on this node, if there is one and it is open. */
  @Nullable Replica of(int group) {
    if (group == MetaState.GROUP) {
      return meta;
    }
    ShardGroup shardGroup = groups.get(group);
    return shardGroup == null ? null : shardGroup.replica();
  }

  /** The replica of `meta`, likewise. */
  @Nullable Replica meta() {
    return meta;
  }

  /** What that has applied. */
  @Nullable MetaState metaState() {
    return metaState;
  }

  /** The nodes of `meta`; none before the replicas open. */
  List<String> metaVoters() {
    return metaVoters;
  }

  /**
   * The nodes of this replica's group, whatever its configuration is now; the first should lead.
   */
  List<String> placement(Replica replica) {
    return replica.group() == MetaState.GROUP
        ? metaVoters
        : placement.members().get(replica.group());
  }

  /** The shards that a replica here leads, with the terms. */
  List<PeerMessage.GroupTerm> leads() {
    List<PeerMessage.GroupTerm> leads = new ArrayList<>();
    groups.forEach(
        (shard, group) -> {
          if (group.replica().isEstablishedLeader()) {
            leads.add(new PeerMessage.GroupTerm(shard, group.replica().term()));
          }
        });
    return leads;
  }

  /** What each is up to. */
  List<NodeStatus.ReplicaStatus> status() {
    List<NodeStatus.ReplicaStatus> all = new ArrayList<>();
    Replica ofMeta = meta;
    if (ofMeta != null) {
      all.add(status(-1, ofMeta, null));
    }
    groups.forEach(
        (shard, group) -> all.add(status(shard, group.replica(), group.state().shard())));
    return all;
  }

  private NodeStatus.ReplicaStatus status(int shard, Replica replica, @Nullable ShardState data) {
    String leader = replica.leaderNodeId();
    ShardStats stats = data == null ? null : data.stats();
    return new NodeStatus.ReplicaStatus(
        shard,
        data == null ? -1 : Slots.firstSlot(shard, shards()),
        data == null ? -1 : Slots.lastSlot(shard, shards()),
        replica.role(),
        leader == null ? "" : leader,
        replica.term(),
        replica.commitIndex(),
        replica.appliedIndex(),
        replica.lastIndex(),
        replica.snapshotIndex(),
        stats == null ? 0 : stats.keys(),
        stats == null ? 0 : stats.volatileKeys(),
        stats == null ? 0 : stats.logicalBytes(),
        stats == null ? 0 : stats.expiredKeys(),
        stats == null ? 0 : stats.evictedKeys(),
        data == null ? 0 : data.keyHits(),
        data == null ? 0 : data.keyMisses(),
        data == null ? 0 : data.logTimeMillis(),
        data == null ? 0 : data.digest(),
        replica.digests().difference(),
        data == null ? 0 : data.memoryLimit().bytes(),
        data == null ? 0 : data.memoryLimit().revision());
  }
}
