package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
import io.microraft.impl.RaftNodeImpl;
import io.microraft.impl.log.RaftLog;
import io.microraft.impl.util.ArrayRingbuffer;
import java.lang.reflect.Field;

/**
 * A fault of MicroRaft's that only a hand inside it can mend (docs/decisions, "MicroRaft's ring").
 *
 * <p>When it takes a snapshot while a follower's match index is unknown, or as a follower, it keeps
 * a tenth of the log by setting the ring's head to {@code max(1, snapshot - tenth)}, even if the
 * ring began later: after a restart, or behind an earlier truncation. From then on the log claims
 * entries that are null; a leader fails on them and its laggard never gets the snapshot. Here the
 * head goes back to where the entries really begin, right after the snapshot was taken.
 */
final class RingHead {

  private static final Field RING = ring();

  private RingHead() {}

  private static Field ring() {
    try {
      Field ring = RaftLog.class.getDeclaredField("log");
      ring.setAccessible(true);
      return ring;
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException("not the MicroRaft this was written for", e);
    }
  }

  /** Makes the log begin no earlier than at this index. */
  static void restore(RaftNode raft, long firstHeld) {
    try {
      ArrayRingbuffer<?> ring = (ArrayRingbuffer<?>) RING.get(((RaftNodeImpl) raft).state().log());
      long head = firstHeld - 1; // The ring counts from 0.
      if (ring.headSequence() < head) {
        ring.setHeadSequence(head);
      }
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("MicroRaft's log cannot be reached", e);
    }
  }
}
