package io.shardwell.raftgroup;

import io.shardwell.raftgroup.replica.Replica;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;

/**
 * A node leaves: it says so, hands its leaderships over, ends its replicas, and goes when all that
 * it has appended is durable and has been sent. It stays while an election goes on, for its vote
 * may be the one that is missing. Loop thread only.
 */
final class GracefulStop {

  private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long RESIGN_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final EventLoop loop;
  private final LeaderBalance balance;
  private final Collection<Replica> replicas;
  private final GroupCommit commit;
  private final LongPredicate othersHaveSpokenSince;

  // Since when this node has had no office, in loop time. Invariant: meant only if free.
  private long freeNanos;
  private boolean free;

  // Invariant: done only if begun.
  private boolean begun;
  private boolean done;

  /**
   * @param othersHaveSpokenSince whether all that remain have, since that loop time
   */
  GracefulStop(
      EventLoop loop,
      LeaderBalance balance,
      Collection<Replica> replicas,
      GroupCommit commit,
      LongPredicate othersHaveSpokenSince) {
    this.loop = loop;
    this.balance = balance;
    this.replicas = replicas;
    this.commit = commit;
    this.othersHaveSpokenSince = othersHaveSpokenSince;
  }

  /** Whether the node is leaving, or has left. */
  boolean isBegun() {
    return begun;
  }

  /** Whether nothing more happens on this node. */
  boolean isDone() {
    assert begun || !done;
    return done;
  }

  /**
   * Begins, once.
   *
   * @param farewell tells the others
   * @param onDone runs on the loop, after at most a few seconds
   */
  void begin(Runnable farewell, Runnable onDone) {
    if (begun) {
      return;
    }
    begun = true;
    farewell.run();
    resign(loop.nanoTime() + RESIGN_NANOS, onDone);
  }

  private void resign(long deadlineNanos, Runnable onDone) {
    boolean leads = balance.resign(replicas) && balance.hasHeirs(replicas);
    boolean inOffice = leads || balance.isElectionUnderWay(replicas);
    long now = loop.nanoTime();
    if (!inOffice && !free) {
      freeNanos = now;
    }
    free = !inOffice;
    boolean stays = !free || !othersHaveSpokenSince.test(freeNanos);
    if (stays && now < deadlineNanos) {
      EventLoop.Timer unused = loop.schedule(() -> resign(deadlineNanos, onDone), STEP_NANOS);
      return;
    }
    // Before the wait for the disk: followers under load are never done with writing.
    replicas.forEach(Replica::terminate);
    drain(onDone);
  }

  /** What has been appended, acknowledgements and votes among it, leaves before the node does. */
  private void drain(Runnable onDone) {
    if (commit.isDone()) {
      done = true;
      onDone.run();
      return;
    }
    EventLoop.Timer unused = loop.schedule(() -> drain(onDone), STEP_NANOS);
  }
}
