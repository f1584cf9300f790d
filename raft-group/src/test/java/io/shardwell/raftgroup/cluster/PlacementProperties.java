package io.shardwell.raftgroup.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Every shard has its replicas, leaders are spread evenly, and a node less moves little. */
class PlacementProperties {

  @Property
  void everyShardHasItsReplicasOnDifferentNodes(
      @ForAll @IntRange(min = 1, max = 12) int nodes,
      @ForAll @IntRange(min = 1, max = 64) int shards,
      @ForAll @IntRange(min = 1, max = 5) int replicas) {
    for (List<String> members : Placement.of(names(nodes), shards, replicas).members()) {
      assertThat(members).hasSize(Math.min(replicas, nodes)).doesNotHaveDuplicates();
    }
  }

  @Property
  void leadersAreSpreadEvenlyWhereEveryNodeHoldsEverything(
      @ForAll @IntRange(min = 1, max = 5) int nodes,
      @ForAll @IntRange(min = 1, max = 64) int shards) {
    Map<String, Integer> leads = new HashMap<>();
    for (List<String> members : Placement.of(names(nodes), shards, nodes).members()) {
      leads.merge(members.get(0), 1, Integer::sum);
    }
    for (String node : names(nodes)) {
      assertThat(leads.getOrDefault(node, 0))
          .isBetween(shards / nodes, (shards + nodes - 1) / nodes);
    }
  }

  @Property
  void aNodeLessMovesOnlyWhatItHeld(
      @ForAll @IntRange(min = 4, max = 10) int nodes,
      @ForAll @IntRange(min = 1, max = 64) int shards) {
    List<List<String>> before = Placement.of(names(nodes), shards, 3).members();
    String gone = "n" + nodes;
    List<List<String>> after = Placement.of(names(nodes - 1), shards, 3).members();
    for (int shard = 0; shard < shards; shard++) {
      Set<String> kept = new HashSet<>(before.get(shard));
      kept.remove(gone);
      assertThat(after.get(shard)).containsAll(kept);
    }
  }

  private static List<String> names(int count) {
    List<String> names = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      names.add("n" + i);
    }
    return names;
  }
}
