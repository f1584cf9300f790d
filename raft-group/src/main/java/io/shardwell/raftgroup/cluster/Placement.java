package io.shardwell.raftgroup.cluster;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Who replicates what: rendezvous hashing of shards on nodes, so that a node more or less moves few
 * shards, with the preferred leaders spread evenly (DESIGN 10). A pure function of its inputs:
 * every node computes the same.
 */
public final class Placement {

  private final List<List<String>> members;

  private Placement(List<List<String>> members) {
    this.members = members;
  }

  /** Places shards on nodes, so many replicas each, or as many as there are nodes. */
  public static Placement of(Collection<String> nodes, int shards, int replicas) {
    int each = Math.min(replicas, nodes.size());
    Map<String, Integer> leads = new HashMap<>();
    List<List<String>> members = new ArrayList<>(shards);
    for (int shard = 0; shard < shards; shard++) {
      int ofShard = shard;
      List<String> ranked = new ArrayList<>(nodes);
      ranked.sort(
          Comparator.comparingLong((String node) -> score(node, ofShard))
              .reversed()
              .thenComparing(Comparator.naturalOrder()));
      List<String> chosen = new ArrayList<>(ranked.subList(0, each));
      // Stable: among those that lead the fewest shards the highest ranked.
      String leader =
          chosen.stream()
              .min(Comparator.comparingInt(node -> leads.getOrDefault(node, 0)))
              .orElseThrow();
      leads.merge(leader, 1, Integer::sum);
      chosen.remove(leader);
      chosen.add(0, leader);
      members.add(List.copyOf(chosen));
    }
    return new Placement(List.copyOf(members));
  }

  /** By shard, the nodes with a replica; the first should lead. */
  public List<List<String>> members() {
    return members;
  }

  private static long score(String node, int shard) {
    long hash = 0xcbf29ce484222325L ^ shard;
    for (int i = 0; i < node.length(); i++) {
      hash = (hash ^ node.charAt(i)) * 0x100000001b3L;
    }
    hash ^= hash >>> 33;
    hash *= 0xff51afd7ed558ccdL;
    hash ^= hash >>> 33;
    hash *= 0xc4ceb9fe1a85ec53L;
    return hash ^ (hash >>> 33);
  }
}
