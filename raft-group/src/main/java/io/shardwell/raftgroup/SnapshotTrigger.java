package io.shardwell.raftgroup;

import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.replica.Replica;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * Which replica takes a snapshot, and when (DESIGN 9, decision 0012).
 *
 * <p>The log is the loop's, not a shard's, so its budget is too: when the entries that snapshots
 * would make superfluous are more than the budget, or than all the data if that is more, the
 * replica with the most of them takes a snapshot. So a hot shard with little data may use the whole
 * budget, many shards use no more of it than one, and no more is written in snapshots than in the
 * log. One snapshot at a time: their files exist twice only for one shard. Loop thread only.
 */
final class SnapshotTrigger {

  /** What a snapshot may hold beside its data: sessions with the replies they remember. */
  private static final long MARGIN_BYTES = 1 << 20;

  private final long budgetBytes;
  private final Collection<ShardGroup> groups;
  private final LongPredicate hasRoomFor;

  /**
   * @param budgetBytes of log entries on this loop behind their shards' snapshots
   * @param groups the shards on this loop; may change
   * @param hasRoomFor whether so many bytes fit on the disk; a snapshot that does not waits
   */
  SnapshotTrigger(long budgetBytes, Collection<ShardGroup> groups, LongPredicate hasRoomFor) {
    this.budgetBytes = budgetBytes;
    this.groups = groups;
    this.hasRoomFor = hasRoomFor;
  }

  /** Lets a replica take a snapshot if it is time. */
  void check(List<Replica> replicas) {
    long logBytes = 0;
    for (Replica replica : replicas) {
      if (replica.takesSnapshot()) {
        return;
      }
      logBytes += replica.bytesSinceSnapshot();
    }
    if (logBytes <= budgetBytes || logBytes <= dataBytes()) {
      return;
    }
    List<Replica> most =
        replicas.stream()
            .sorted(Comparator.comparingLong(Replica::bytesSinceSnapshot).reversed())
            .toList();
    for (Replica replica : most) {
      if (hasRoomFor.test(sizeOf(replica)) && replica.takeSnapshot()) {
        return;
      }
    }
  }

  /** Of its snapshot, roughly and rather too much. */
  private long sizeOf(Replica replica) {
    long bytes = MARGIN_BYTES;
    for (ShardGroup group : groups) {
      if (group.replica() == replica) {
        bytes += group.state().shard().stats().logicalBytes();
      }
    }
    return bytes;
  }

  private long dataBytes() {
    long bytes = 0;
    for (ShardGroup group : groups) {
      bytes += group.state().shard().stats().logicalBytes();
    }
    return bytes;
  }
}
