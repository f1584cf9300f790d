package io.shardwell.raftgroup.replica;

import java.util.ArrayDeque;

/**
 * Keeps MicroRaft from taking any step while its node stands aside for want of disk space.
 *
 * <p>MicroRaft acts when a message comes, when one of its timers or flush tasks runs, and when it
 * is asked to (a proposal, a snapshot, a transfer). {@link Replica} drops messages and refuses
 * requests meanwhile; timers and flush tasks wait here, in order. So the store is not called, and
 * the log does not grow: not by entries or votes, and not by what a node that is merely cut off
 * from its peers would still write, a step down or a candidate's next term every election timeout.
 *
 * <p><em>Why it is safe.</em> To its peers the replica is a process that is stopped (SIGSTOP)
 * behind a network that loses its messages, and Raft is safe under both at any time and for any
 * length. To itself it is such a process too: its clock goes on, so the first heartbeat task after
 * the standstill finds the quorum or the leader silent for too long and steps down or asks for
 * pre-votes, as after a pause. What had left or was held for the disk before is true still and may
 * leave; nothing new is vouched for.
 *
 * <p>"My term is T" (DESIGN 6) is still answered: it says that this voter has voted in no later
 * term. That stays true, and does so better than ever while it stands still; and it writes nothing.
 */
final class Standstill {

  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private boolean still;

  boolean isStill() {
    return still;
  }

  void begin() {
    still = true;
  }

  /** Runs what has waited, in order. */
  void end() {
    still = false;
    for (int i = waiting.size(); i > 0; i--) {
      waiting.remove().run();
    }
  }

  /** Runs a step now, or at the end of the standstill. */
  void step(Runnable task) {
    if (still) {
      waiting.add(task);
    } else {
      task.run();
    }
  }
}
