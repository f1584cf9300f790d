package io.shardwell.cli.status;

import io.shardwell.cli.status.NodeReport.Replica;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A cluster seen as one, put together from what its nodes answered.
 *
 * <p>The answers are from slightly different moments: an index may be ahead of its leader's by what
 * was committed in between, which counts as no lag.
 *
 * @param problems what a person should look at, one sentence each; empty when all is well
 */
public record ClusterView(
    String clusterId, List<Node> nodes, List<Shard> shards, List<String> problems) {

  /**
   * A node.
   *
   * @param report null when the node did not answer
   * @param silence why it did not, empty when it did
   * @param leads number of shards it leads, {@code meta} not counted
   */
  public record Node(
      NodeReport.Peer address, @Nullable NodeReport report, String silence, int leads) {}

  /**
   * A shard.
   *
   * @param leaderId the node that says it leads the shard, in the highest term if several do; empty
   *     when none of those that answered does, or one of them knows a later term
   * @param commitIndex the highest of those reported
   * @param replicas by node, of the nodes that answered
   */
  public record Shard(
      int number,
      int firstSlot,
      int lastSlot,
      String leaderId,
      int term,
      long commitIndex,
      SortedMap<String, Replica> replicas) {

    /** What the shard is called. */
    public String name() {
      return number == NodeReport.META ? "meta" : Integer.toString(number);
    }

    /** The leader's replica, or null without a leader. */
    public @Nullable Replica leader() {
      return replicas.get(leaderId);
    }

    /** Entries that are committed, but not yet applied by this replica. */
    public long lag(Replica replica) {
      return Math.max(0, commitIndex - replica.appliedIndex());
    }

    /** The first two replicas that applied the same entries and yet differ; empty when none. */
    List<String> divergent() {
      Map<Long, String> nodeByIndex = new HashMap<>();
      for (Map.Entry<String, Replica> entry : replicas.entrySet()) {
        Replica replica = entry.getValue();
        String earlier = nodeByIndex.putIfAbsent(replica.appliedIndex(), entry.getKey());
        if (earlier != null && !digestAt(earlier).equals(replica.digest())) {
          return List.of(earlier, entry.getKey());
        }
      }
      return List.of();
    }

    private String digestAt(String node) {
      Replica replica = replicas.get(node);
      return replica == null ? "" : replica.digest();
    }
  }

  /**
   * Whether every shard has a leader and no two replicas differ. A silent node alone is no failure:
   * the cluster is made to go on without it.
   */
  public boolean serving() {
    return shards.stream().allMatch(s -> !s.leaderId().isEmpty() && s.divergent().isEmpty());
  }

  /**
   * Puts the answers together.
   *
   * @param first the node that named the others
   * @param reports by node id
   * @param silent why a node did not answer, by node id
   */
  static ClusterView of(
      NodeReport first, Map<String, NodeReport> reports, Map<String, String> silent) {
    List<String> problems = new ArrayList<>();
    silent.forEach((node, why) -> problems.add("node " + node + " does not answer: " + why));
    for (NodeReport report : reports.values()) {
      if (!report.ready()) {
        problems.add("node " + report.nodeId() + " is not ready: " + report.notReadyReason());
      }
      if (!report.clusterId().isEmpty() && !report.clusterId().equals(first.clusterId())) {
        problems.add("node " + report.nodeId() + " is of another cluster: " + report.clusterId());
      }
    }
    List<Shard> shards = shards(first, reports);
    Map<String, Integer> leads = new HashMap<>();
    List<String> leaderless = new ArrayList<>();
    for (Shard shard : shards) {
      if (shard.leaderId().isEmpty()) {
        leaderless.add(shard.name());
      } else if (shard.number() != NodeReport.META) {
        leads.merge(shard.leaderId(), 1, Integer::sum);
      }
      List<String> divergent = shard.divergent();
      if (!divergent.isEmpty()) {
        problems.add(
            "group "
                + shard.name()
                + " differs between "
                + String.join(" and ", divergent)
                + ": report this");
      }
    }
    if (!leaderless.isEmpty()) {
      problems.add(
          leaderless.size()
              + " of "
              + shards.size()
              + " groups without a leader: "
              + String.join(", ", leaderless));
    }
    List<Node> nodes = new ArrayList<>();
    for (NodeReport.Peer peer : first.nodes()) {
      nodes.add(
          new Node(
              peer,
              reports.get(peer.id()),
              silent.getOrDefault(peer.id(), ""),
              leads.getOrDefault(peer.id(), 0)));
    }
    return new ClusterView(first.clusterId(), nodes, shards, List.copyOf(problems));
  }

  private static List<Shard> shards(NodeReport first, Map<String, NodeReport> reports) {
    SortedMap<Integer, SortedMap<String, Replica>> byShard = new TreeMap<>();
    // Shards of which nobody who answered has a replica are there all the same, without a leader.
    for (int shard = NodeReport.META; shard < first.shards(); shard++) {
      byShard.put(shard, new TreeMap<>());
    }
    for (NodeReport report : reports.values()) {
      for (Replica replica : report.replicas()) {
        byShard
            .computeIfAbsent(replica.shard(), shard -> new TreeMap<>())
            .put(report.nodeId(), replica);
      }
    }
    Map<Integer, Shard> shards = new LinkedHashMap<>();
    byShard.forEach((number, replicas) -> shards.put(number, shard(number, replicas)));
    return List.copyOf(shards.values());
  }

  private static Shard shard(int number, SortedMap<String, Replica> replicas) {
    String leaderId = "";
    int leaderTerm = -1;
    int term = 0;
    long commitIndex = 0;
    int firstSlot = -1;
    int lastSlot = -1;
    for (Map.Entry<String, Replica> entry : replicas.entrySet()) {
      Replica replica = entry.getValue();
      if (replica.leads() && replica.term() > leaderTerm) {
        leaderId = entry.getKey();
        leaderTerm = replica.term();
      }
      term = Math.max(term, replica.term());
      commitIndex = Math.max(commitIndex, replica.commitIndex());
      firstSlot = replica.firstSlot();
      lastSlot = replica.lastSlot();
    }
    if (leaderTerm < term) {
      leaderId = ""; // Deposed, and does not know it yet.
    }
    return new Shard(number, firstSlot, lastSlot, leaderId, term, commitIndex, replicas);
  }
}
