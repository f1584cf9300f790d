package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
import io.shardwell.raftgroup.EventLoop;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * This replica's office, from the first entry that it applies as leader until it has given the
 * office away or lost it. Loop thread only.
 */
final class Leadership {

  private final RaftNode raft;
  private final EventLoop loop;
  private final GroupView view;
  private final HandOver.Log log;

  /** The last term in which this replica led and had applied its own first entry; 0 for none. */
  private int establishedTerm;

  /** When that began, in loop time. */
  private long establishedNanos;

  /** Set while this leader gives its office away, and takes no proposals. */
  private @Nullable HandOver handOver;

  Leadership(RaftNode raft, EventLoop loop, GroupView view, HandOver.Log log) {
    this.raft = raft;
    this.loop = loop;
    this.view = view;
    this.log = log;
  }

  /** The entry that begins this replica's term is applied. */
  void establish() {
    assert view.isLeader();
    establishedTerm = view.term();
    establishedNanos = loop.nanoTime();
  }

  /** Whether this replica leads and has applied an entry of its own term (Raft thesis 6.4). */
  boolean isEstablished() {
    return view.isLeader() && establishedTerm == view.term();
  }

  /** Whether it has been that for so long. */
  boolean isEstablishedSince(long nanos) {
    return isEstablished() && loop.nanoTime() - establishedNanos >= nanos;
  }

  /** Gives the office to another replica, unless it is being given away; see {@link HandOver}. */
  void handOver(List<ReplicaEndpoint> heirs, List<ReplicaEndpoint> substitutes) {
    if (handOver == null && view.isLeader()) {
      handOver = new HandOver(raft, loop, log, heirs, substitutes, () -> handOver = null);
      step();
    }
  }

  boolean isHandingOver() {
    return handOver != null;
  }

  /** The commit index may have moved. */
  void step() {
    HandOver current = handOver;
    if (current != null) {
      current.step();
    }
  }

  /** The link to the node broke. */
  void linkBroken(String nodeId) {
    HandOver current = handOver;
    if (current != null) {
      current.linkBroken(nodeId);
    }
  }

  /** This replica leads no more, or must not act. */
  void end() {
    HandOver current = handOver;
    if (current != null) {
      current.end();
    }
  }
}
