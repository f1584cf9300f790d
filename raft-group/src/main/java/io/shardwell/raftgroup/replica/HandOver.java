package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
import io.microraft.impl.RaftNodeImpl;
import io.shardwell.raftgroup.EventLoop;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A leader gives its office to another replica (Raft thesis 3.10), with as short a pause for writes
 * as it takes: the last entries' commit, two syncs for the votes, two for the new term's first
 * entry.
 *
 * <p>MicroRaft refuses proposals from the moment it is asked, and if an entry is not committed then
 * it looks again only after a heartbeat period (TransferLeadershipTask). Under load there always is
 * such an entry, and that period was most of the pause: 100 of 120 ms. So here the leader first
 * takes no more proposals, and MicroRaft is asked in the moment in which the last entry is
 * committed: its request for an election leaves at once, behind the entries on the same link.
 *
 * <p>What is refused meanwhile keeps its place and number at the node it comes from, which sends it
 * again as soon as its own replica hears from the new leader. Loop thread only.
 */
final class HandOver {

  /** So long may the last entries take; afterwards the leader goes on. */
  static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final RaftNode raft;
  private final ReplicaEndpoint to;
  private final BooleanSupplier allCommitted;
  private final Runnable onEnd;
  private boolean asked;
  private boolean ended;

  /**
   * Begins: proposals must be refused until {@code onEnd} runs.
   *
   * @param allCommitted whether the leader's whole log is
   * @param onEnd runs once, perhaps inside MicroRaft: the leadership has gone or stays
   */
  HandOver(
      RaftNode raft,
      EventLoop loop,
      ReplicaEndpoint to,
      BooleanSupplier allCommitted,
      Runnable onEnd) {
    this.raft = raft;
    this.to = to;
    this.allCommitted = allCommitted;
    this.onEnd = onEnd;
    EventLoop.Timer unused =
        loop.schedule(
            () -> {
              if (!asked) {
                end();
              }
            },
            PATIENCE_NANOS);
  }

  /** The commit index may have moved. */
  void step() {
    if (!asked && !ended && allCommitted.getAsBoolean()) {
      asked = true;
      var unused = raft.transferLeadership(to).whenComplete((done, failure) -> end());
    }
  }

  /** The successor's link broke: it will not take over, and MicroRaft would wait for it. */
  void successorIsGone(String nodeId) {
    if (!ended && to.nodeId().equals(nodeId)) {
      // Ends this through the future if it was asked.
      ((RaftNodeImpl) raft).state().completeLeadershipTransfer(null);
      end();
    }
  }

  /** This replica leads no more, or must not act. */
  void end() {
    if (!ended) {
      ended = true;
      onEnd.run();
    }
  }
}
