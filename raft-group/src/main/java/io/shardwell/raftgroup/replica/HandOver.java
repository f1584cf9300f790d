package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
import io.microraft.impl.RaftNodeImpl;
import io.shardwell.raftgroup.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

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
 * <p>Only then is the heir chosen among those that may be: who has acknowledged most, at that
 * moment, is there and has a quick disk. One that was level before the last entries may be stuck.
 *
 * <p>An heir that does not come, because its process or its disk stands still, would keep the shard
 * from taking writes until MicroRaft gives up after a heartbeat timeout; and the leader must not
 * simply go on before that, for an heir that wakes up later asks for votes all the same: the others
 * have longer logs by then and refuse, but the leader is deposed, and everybody waits for an
 * election timeout. So after {@link #HEIR_NANOS} another replica that has everything is asked too.
 * Nothing is written meanwhile, so whichever of the two asks for votes may have them: of two
 * candidates and an odd number of voters one gets a majority. With a third that would not be so,
 * and nobody else is asked.
 *
 * <p>What is refused meanwhile keeps its place and number at the node it comes from, which sends it
 * again as soon as its own replica hears from the new leader. Loop thread only.
 */
final class HandOver {

  /** So long may the last entries take; afterwards the leader goes on. */
  static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** So long may an heir take to ask for votes before another is asked as well. */
  static final long HEIR_NANOS = TimeUnit.MILLISECONDS.toNanos(40);

  /** What it needs to know of the leader's log. */
  interface Log {
    long lastIndex();

    long committedIndex();

    /** The last entry that the member has acknowledged in this term. */
    long acknowledgedBy(ReplicaEndpoint member);
  }

  private final RaftNode raft;
  private final EventLoop loop;
  private final Log log;
  private final List<ReplicaEndpoint> heirs;
  private final List<ReplicaEndpoint> substitutes;
  private final Runnable onEnd;

  /** Whom MicroRaft waits for. */
  private @Nullable ReplicaEndpoint asked;

  private boolean ended;

  /**
   * Begins: proposals must be refused until {@code onEnd} runs.
   *
   * @param heirs one of them is asked; not empty, the preferred first
   * @param substitutes voters of whom one is asked if the heir does not come; heirs may be among
   *     them
   * @param onEnd runs once, perhaps inside MicroRaft: the leadership has gone or stays
   */
  HandOver(
      RaftNode raft,
      EventLoop loop,
      Log log,
      List<ReplicaEndpoint> heirs,
      List<ReplicaEndpoint> substitutes,
      Runnable onEnd) {
    assert !heirs.isEmpty();
    this.raft = raft;
    this.loop = loop;
    this.log = log;
    this.heirs = new ArrayList<>(heirs);
    this.substitutes = new ArrayList<>(substitutes);
    this.onEnd = onEnd;
    EventLoop.Timer unused =
        loop.schedule(
            () -> {
              if (asked == null) {
                end();
              }
            },
            PATIENCE_NANOS);
  }

  /** The commit index may have moved. */
  void step() {
    if (asked == null && !ended && log.committedIndex() == log.lastIndex()) {
      ask(furthest(heirs, log::acknowledgedBy));
      EventLoop.Timer unused = loop.schedule(this::askAnother, HEIR_NANOS);
    }
  }

  /** The first of those that have most. */
  private static ReplicaEndpoint furthest(
      List<ReplicaEndpoint> heirs, ToLongFunction<ReplicaEndpoint> acknowledged) {
    ReplicaEndpoint furthest = heirs.get(0);
    for (ReplicaEndpoint heir : heirs) {
      if (acknowledged.applyAsLong(heir) > acknowledged.applyAsLong(furthest)) {
        furthest = heir;
      }
    }
    return furthest;
  }

  private void ask(ReplicaEndpoint heir) {
    asked = heir;
    var unused =
        raft.transferLeadership(heir)
            .whenComplete(
                (done, failure) -> {
                  if (heir.equals(asked)) {
                    end();
                  }
                });
  }

  private void askAnother() {
    ReplicaEndpoint first = asked;
    if (ended || first == null) {
      return;
    }
    for (ReplicaEndpoint other : substitutes) {
      if (!other.equals(first) && log.acknowledgedBy(other) == log.lastIndex()) {
        // So that the end of the first asking is not taken for the end of this.
        asked = other;
        ((RaftNodeImpl) raft).state().completeLeadershipTransfer(null);
        ask(other);
        return;
      }
    }
  }

  /** That node will not take over, and MicroRaft would wait for it. */
  void linkBroken(String nodeId) {
    substitutes.removeIf(heir -> heir.nodeId().equals(nodeId));
    heirs.removeIf(heir -> heir.nodeId().equals(nodeId));
    ReplicaEndpoint heir = asked;
    if (ended || (heir == null && !heirs.isEmpty())) {
      return;
    }
    if (heir == null) {
      end();
    } else if (heir.nodeId().equals(nodeId)) {
      // Ends this through the future.
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
