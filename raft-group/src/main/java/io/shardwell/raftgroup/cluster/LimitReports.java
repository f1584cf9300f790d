package io.shardwell.raftgroup.cluster;

import io.shardwell.raftgroup.reads.ShardGroup;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Says which memory limits the replicas of this node go by, as long as `meta` awaits it. Only what
 * is durable here is told: what a crash takes back must not have left the process. Loop thread
 * only.
 */
public final class LimitReports {

  private static final long REPEAT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** The entry with which, or before which, a replica came to go by the revision. */
  private record Reached(long revision, long index) {}

  private final String nodeId;
  private final long incarnation;
  private final Map<Integer, Reached> reached = new HashMap<>();
  private SortedMap<Integer, Long> told = new TreeMap<>();
  private long toldNanos;

  public LimitReports(String nodeId, long incarnation) {
    this.nodeId = nodeId;
    this.incarnation = incarnation;
  }

  /** A change for `meta`, or null if there is nothing that it should learn now. */
  public byte @Nullable [] next(ClusterMap map, Collection<ShardGroup> groups, long nowNanos) {
    SortedMap<Integer, Long> revisions = new TreeMap<>();
    for (ShardGroup group : groups) {
      MemoryShares.Share share = map.shares().shares().get(group.shard());
      long revision = group.state().shard().memoryLimit().revision();
      if (share.awaited().contains(nodeId) && revision >= share.revision()) {
        Reached when = reached.get(group.shard());
        if (when == null || when.revision < share.revision()) {
          when = new Reached(revision, group.state().shard().lastAppliedIndex());
          reached.put(group.shard(), when);
        }
        if (group.replica().isDurable(when.index)) {
          revisions.put(group.shard(), when.revision);
        }
      }
    }
    boolean isNews = !revisions.equals(told) || nowNanos - toldNanos >= REPEAT_NANOS;
    if (revisions.isEmpty() || !isNews) {
      return null;
    }
    told = revisions;
    toldNanos = nowNanos;
    return MetaState.appliedLimits(new AppliedLimits(nodeId, incarnation, revisions));
  }
}
