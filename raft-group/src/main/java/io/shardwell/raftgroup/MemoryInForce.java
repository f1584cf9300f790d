package io.shardwell.raftgroup;

import io.shardwell.raftgroup.cluster.ClusterMap;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.MemoryLimit;

/** What may be used for data, and whether this node's shards go by it. Loop thread only. */
final class MemoryInForce {

  private final LocalReplicas replicas;
  private final ClusterMapCopy mapCopy;

  MemoryInForce(LocalReplicas replicas, ClusterMapCopy mapCopy) {
    this.replicas = replicas;
    this.mapCopy = mapCopy;
  }

  /**
   * What each node may use, as far as this node knows: its own changes as soon as they are
   * answered, those of others within a second while `meta` is reached.
   */
  MemoryLimit limit() {
    ClusterMap known = mapCopy.latest();
    return known == null ? MemoryLimit.NONE : known.memory();
  }

  /** Whether all shards on this node go by the setting of that revision. */
  boolean isInForce(long revision) {
    return replicas.groups().values().stream()
        .allMatch(group -> group.state().shard().memoryLimit().revision() >= revision);
  }

  /**
   * Whether by what this node knows nothing more can be stored: the limit is too small for any
   * entry or below what this node holds, and nothing may be evicted. A hint: shards decide.
   */
  boolean isUsedUp() {
    MemoryLimit limit = limit();
    if (!limit.isOn() || limit.evicts()) {
      return false;
    }
    long used =
        replicas.groups().values().stream()
            .mapToLong(group -> group.state().shard().stats().logicalBytes())
            .sum();
    return limit.bytes() < Limits.ENTRY_OVERHEAD_BYTES || used > limit.bytes();
  }
}
