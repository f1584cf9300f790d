package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.NodeStatus;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The limits of the replicas on a node add up to at most its memory budget. A lowered budget counts
 * from when all replicas of the node have taken a limit given out under it. A replica that replays
 * its log goes through limits of the past, with the keys of the past; it counts with the newest
 * limit that the node's replica of that shard ever had.
 */
final class MemoryCeilings {

  private record Limit(long revision, long bytes) {
    static final Limit NONE = new Limit(0, Long.MAX_VALUE);

    static Limit of(long revision, long bytes) {
      return new Limit(revision, bytes == 0 ? Long.MAX_VALUE : bytes);
    }
  }

  private final Map<String, Map<Integer, Limit>> newest = new HashMap<>();
  // By node, the largest budget since all its replicas last went by the newest one.
  private final Map<String, Long> ceilings = new HashMap<>();
  private Limit budget = Limit.NONE;
  private long looks;

  /** Null if all is well, otherwise what is not. */
  @Nullable String check(NodeStatus status) {
    if (status.memoryRevision() > budget.revision) {
      budget = Limit.of(status.memoryRevision(), status.memoryBudget());
      ceilings.replaceAll((node, ceiling) -> Math.max(ceiling, budget.bytes));
    }
    if (budget.revision == 0) {
      return null;
    }
    Map<Integer, Limit> limits = newest.computeIfAbsent(status.nodeId(), n -> new HashMap<>());
    boolean changed = false;
    for (NodeStatus.ReplicaStatus replica : status.replicas()) {
      if (replica.shard() >= 0) {
        Limit known = limits.computeIfAbsent(replica.shard(), shard -> Limit.NONE);
        if (replica.memoryRevision() > known.revision) {
          limits.put(replica.shard(), Limit.of(replica.memoryRevision(), replica.memoryLimit()));
          changed = true;
        }
      }
    }
    return changed ? checkSum(status.nodeId(), limits) : null;
  }

  /** How often a sum was looked at: 0 without a budget. */
  long looks() {
    return looks;
  }

  private @Nullable String checkSum(String node, Map<Integer, Limit> limits) {
    looks++;
    long sum = 0;
    boolean goesByBudget = true;
    for (Limit limit : limits.values()) {
      sum = sum + limit.bytes < 0 ? Long.MAX_VALUE : sum + limit.bytes;
      goesByBudget &= limit.revision >= budget.revision;
    }
    long ceiling = goesByBudget ? budget.bytes : ceilings.getOrDefault(node, Long.MAX_VALUE);
    ceilings.put(node, ceiling);
    return sum <= ceiling
        ? null
        : node + " has limits of " + sum + " bytes, budget " + ceiling + ": " + limits;
  }
}
