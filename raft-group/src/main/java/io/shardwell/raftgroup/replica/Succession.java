package io.shardwell.raftgroup.replica;

import io.microraft.RaftEndpoint;
import io.shardwell.raftgroup.Tuning;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Who asks for votes when, once a leader's process is known to be gone or has fallen silent
 * (MICRORAFT B11).
 *
 * <p>The survivors learn it within milliseconds of each other, of a silence too: all have heard the
 * same last heartbeat, and look for the next one on the same grid of time. If all asked at once
 * they would split the vote; if only the first one asked, once, a lost or early question would cost
 * an election timeout: a survivor that has not heard of the crash yet refuses, and so does one
 * whose log is longer. So they take turns, and each asks again until somebody leads or the time is
 * up; after that MicroRaft's own timeouts rule. Who has granted the wish of one before it in the
 * line stands back for a turn, even if its own is granted. Pre-votes change nothing at those who
 * are asked.
 *
 * <p>Who is first differs from group to group, so that a dead node's shards spread. Loop thread
 * only.
 */
final class Succession {

  private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(60);

  /** When nobody's turn comes any more; {@link #nanosToNextAsking} answers so. */
  static final long OVER = -1;

  // Node ids, the first in line first.
  private final List<String> line;
  private final String self;
  private final long firstNanos;
  private final long periodNanos;
  private final long endNanos;
  private long standsBackUntilNanos = Long.MIN_VALUE;

  private Succession(List<String> line, String self, long nowNanos, Tuning tuning) {
    this.line = line;
    this.self = self;
    this.firstNanos = nowNanos + place(self) * TURN_NANOS;
    this.periodNanos = Math.max(1, line.size()) * TURN_NANOS;
    this.endNanos = nowNanos + TimeUnit.MILLISECONDS.toNanos(tuning.electionTimeoutMillis());
  }

  /** The turns of {@code self} after the leader on that node has gone. */
  static Succession of(
      int group,
      String goneNodeId,
      ReplicaEndpoint self,
      Collection<RaftEndpoint> voters,
      long nowNanos,
      Tuning tuning) {
    List<String> line =
        new ArrayList<>(
            voters.stream()
                .map(voter -> ((ReplicaEndpoint) voter).nodeId())
                .filter(node -> !node.equals(goneNodeId))
                .sorted()
                .toList());
    if (!line.isEmpty()) {
      Collections.rotate(line, -(group % line.size()));
    }
    return new Succession(line, self.nodeId(), nowNanos, tuning);
  }

  /** Who is no voter comes last, and asks nobody. */
  private int place(String node) {
    int place = line.indexOf(node);
    return place < 0 ? line.size() : place;
  }

  /** This survivor grants a pre-vote to another. */
  void granted(String node, long nowNanos) {
    if (place(node) < place(self)) {
      standsBackUntilNanos = nowNanos + 2 * TURN_NANOS;
    }
  }

  /**
   * Whether a pre-vote granted to this survivor is to be left unused, for one before it in line.
   */
  boolean standsBack(long nowNanos) {
    return nowNanos < standsBackUntilNanos;
  }

  /**
   * How long from now to this survivor's next turn, or {@link #OVER}.
   *
   * @param asked whether it has just asked, so that a turn that is now is past
   */
  long nanosToNextAsking(long nowNanos, boolean asked) {
    long from = Math.max(nowNanos + (asked ? 1 : 0), standsBackUntilNanos);
    long turn = firstNanos;
    if (from > firstNanos) {
      // Late for the first turn is not too late.
      boolean first = !asked && from < firstNanos + periodNanos;
      turn =
          first ? from : firstNanos + -Math.floorDiv(firstNanos - from, periodNanos) * periodNanos;
    }
    return turn >= endNanos ? OVER : Math.max(0, turn - nowNanos);
  }
}
