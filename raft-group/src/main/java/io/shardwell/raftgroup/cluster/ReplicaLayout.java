package io.shardwell.raftgroup.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;

/** The placement looked at from both sides: the nodes of a shard, the shards on a node. */
final class ReplicaLayout {

  private final List<List<String>> nodesOf;
  private final SortedMap<String, List<Integer>> shardsOn = new TreeMap<>();

  /**
   * @param members by shard, the nodes with a replica
   */
  ReplicaLayout(List<List<String>> members) {
    this.nodesOf = members;
    for (int shard = 0; shard < members.size(); shard++) {
      for (String node : members.get(shard)) {
        shardsOn.computeIfAbsent(node, n -> new ArrayList<>()).add(shard);
      }
    }
  }

  int shards() {
    return nodesOf.size();
  }

  List<String> nodesOf(int shard) {
    return nodesOf.get(shard);
  }

  Map<String, List<Integer>> shardsByNode() {
    return shardsOn;
  }

  /** The most shards on any node that has a replica of this one. */
  int crowd(int shard) {
    int most = 1;
    for (String node : nodesOf.get(shard)) {
      most = Math.max(most, shardsOn.getOrDefault(node, List.of()).size());
    }
    return most;
  }

  /** What each node's shards have together; sums beyond the largest number stay there. */
  Map<String, Long> sums(IntToLongFunction ofShard) {
    Map<String, Long> sums = new TreeMap<>();
    shardsOn.forEach(
        (node, shards) -> {
          long sum = 0;
          for (int shard : shards) {
            sum = saturatedSum(sum, ofShard.applyAsLong(shard));
          }
          sums.put(node, sum);
        });
    return sums;
  }

  /** The least of the numbers that the nodes of a shard have. */
  long least(int shard, Map<String, Long> byNode) {
    long least = Long.MAX_VALUE;
    for (String node : nodesOf.get(shard)) {
      least = Math.min(least, byNode.getOrDefault(node, Long.MAX_VALUE));
    }
    return least;
  }

  /** The largest of the numbers that the nodes of a shard have; none is negative. */
  long most(int shard, Map<String, Long> byNode) {
    long most = 0;
    for (String node : nodesOf.get(shard)) {
      most = Math.max(most, byNode.getOrDefault(node, 0L));
    }
    return most;
  }

  private static long saturatedSum(long a, long b) {
    assert a >= 0 && b >= 0;
    return a + b < 0 ? Long.MAX_VALUE : a + b;
  }
}
