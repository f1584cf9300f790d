package io.shardwell.raftgroup.cluster;

import io.shardwell.statemachine.MemoryLimit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Deals the memory budget of a node out to its shards, evenly: a shard's limit is the smallest part
 * it gets on any of its nodes. So the limits of the replicas on a node never add up to more than
 * its budget, followers included.
 */
public final class MemoryShares {

  // By shard, the most shards on any node that has a replica of it.
  private final int[] divisors;

  /**
   * @param members by shard, the nodes with a replica
   */
  public MemoryShares(List<List<String>> members) {
    Map<String, Integer> shardsOn = new HashMap<>();
    members.forEach(nodes -> nodes.forEach(node -> shardsOn.merge(node, 1, Integer::sum)));
    divisors = new int[members.size()];
    for (int shard = 0; shard < divisors.length; shard++) {
      divisors[shard] =
          members.get(shard).stream()
              .mapToInt(node -> shardsOn.getOrDefault(node, 0))
              .max()
              .orElse(1);
    }
  }

  /** The limit of a shard under a budget, of the same revision. A budget is never dealt as none. */
  public MemoryLimit of(int shard, MemoryLimit budget) {
    long bytes = budget.isOn() ? Math.max(1, budget.bytes() / divisors[shard]) : 0;
    return new MemoryLimit(budget.revision(), bytes, budget.policy());
  }
}
