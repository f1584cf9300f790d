package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.NodeStatus;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What must hold after every turn of every node. */
final class Invariants {
  private static final int MAX_REMEMBERED_DIGESTS = 20_000;

  private record Term(int shard, int term) {}

  private record Replica(Object process, int shard) {}

  private record Progress(long commit, int term, long last, boolean standsAside) {}

  private record Digest(long digest, String node) {}

  private final MemoryCeilings memory = new MemoryCeilings();
  private final Map<Term, String> leaders = new HashMap<>();
  private final Map<Replica, Progress> progress = new HashMap<>();
  private final Map<Integer, TreeMap<Long, Digest>> digests = new HashMap<>();

  /** Null if all is well, otherwise what is not. */
  @Nullable String check(Object process, NodeStatus status) {
    for (NodeStatus.ReplicaStatus replica : status.replicas()) {
      String broken = check(process, status, replica);
      if (broken != null) {
        return "shard " + replica.shard() + ": " + broken;
      }
    }
    return memory.check(status);
  }

  private @Nullable String check(
      Object process, NodeStatus status, NodeStatus.ReplicaStatus replica) {
    String node = status.nodeId();
    if (isLeader(replica)) {
      String other = leaders.putIfAbsent(new Term(replica.shard(), replica.term()), node);
      if (other != null && !other.equals(node)) {
        return "two leaders in term " + replica.term() + ": " + other + " and " + node;
      }
    }
    Progress now =
        new Progress(
            replica.commitIndex(),
            replica.term(),
            replica.lastLogIndex(),
            status.disk().standsAside());
    Progress before = progress.put(new Replica(process, replica.shard()), now);
    if (before != null && (before.commit > now.commit || before.term > now.term)) {
      return node + " went back from " + before + " to " + now;
    }
    if (before != null && before.standsAside && now.standsAside && !before.equals(now)) {
      return node + " stands aside and yet goes from " + before + " to " + now;
    }
    // Nothing is committed for long before it is applied: the turn that hears of it does both.
    if (replica.appliedIndex() != replica.commitIndex()
        || replica.commitIndex() > replica.lastLogIndex()) {
      return node + " applied, committed, appended: " + replica;
    }
    return replica.shard() < 0 ? null : checkDigest(node, replica);
  }

  static boolean isLeader(NodeStatus.ReplicaStatus replica) {
    return replica.role().equalsIgnoreCase("leader");
  }

  private @Nullable String checkDigest(String node, NodeStatus.ReplicaStatus replica) {
    TreeMap<Long, Digest> known = digests.computeIfAbsent(replica.shard(), s -> new TreeMap<>());
    Digest mine = new Digest(replica.digest(), node);
    Digest other = known.putIfAbsent(replica.appliedIndex(), mine);
    if (other != null && other.digest != mine.digest) {
      return "digests differ at index " + replica.appliedIndex() + ": " + other + " and " + mine;
    }
    if (known.size() > MAX_REMEMBERED_DIGESTS) {
      known.pollFirstEntry();
    }
    return null;
  }

  /** How often the sum of a node's memory limits was looked at because one had changed. */
  long limitsTaken() {
    return memory.looks();
  }

  /** Terms in which somebody led, over all groups: a measure of unrest. */
  int termsWithLeader() {
    return leaders.size();
  }

  /** A process is gone for good: nothing to compare with any more. */
  void forget(Object process) {
    progress.keySet().removeIf(r -> r.process == process);
  }
}
