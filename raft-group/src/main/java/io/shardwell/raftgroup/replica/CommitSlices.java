package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
import io.microraft.RaftNodeStatus;
import io.microraft.RaftRole;
import io.microraft.impl.RaftNodeImpl;
import io.microraft.impl.state.RaftState;
import io.microraft.model.RaftModelFactory;
import io.microraft.model.message.AppendEntriesRequest;
import io.shardwell.raftgroup.EventLoop;
import java.util.concurrent.TimeUnit;

/**
 * A follower applies what is committed a little at a time. MicroRaft applies all that a request
 * says to be, before it returns. That is little while a replica follows; but a process that has
 * started again knows of nothing behind its snapshots that it is committed, until one heartbeat of
 * the leader says it of all at once: of as much log as there is data, for all shards of that leader
 * in one frame. For that long, seconds for each GB, the node would acknowledge nothing, vote for
 * nobody and answer no client, and with another node away no shard would have a majority.
 *
 * <p>So a request is shown to MicroRaft with a smaller commit index, as if it had come earlier
 * (Raft's safety never depends on how far a follower's commit index is behind), and what is known
 * to be committed beyond it is applied in {@link SliceQueue slices}. As many entries as a request
 * brings, and a few more, are applied with it: so a replica that follows has no use for slices. A
 * request that says less than is known is shown with the commit index that the follower has:
 * MicroRaft would take it back to the last entry of that request (MICRORAFT B12). Loop thread only.
 */
final class CommitSlices {

  private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** Entries that may be applied with any request: one frame has requests for many shards. */
  private static final int FREE_ENTRIES = 32;

  private final RaftNode raft;
  private final RaftModelFactory models;
  private final EventLoop loop;
  private final SliceQueue queue;
  private final Standstill standstill;
  private final int mostEntries;

  /**
   * Known to be committed up to here, and in the log, which never loses what is committed; behind
   * the commit index if there is nothing to go on with.
   */
  private long known;

  // What the request under way says to be committed of the entries up to its last, and the commit
  // index that it was shown with; both 0 if that is the same.
  private long said;
  private long shown;

  private boolean scheduled;

  /**
   * @param mostEntries of one slice; the clock may end it earlier
   */
  CommitSlices(
      RaftNode raft,
      RaftModelFactory models,
      EventLoop loop,
      SliceQueue queue,
      Standstill standstill,
      int mostEntries) {
    this.raft = raft;
    this.models = models;
    this.loop = loop;
    this.queue = queue;
    this.standstill = standstill;
    this.mostEntries = mostEntries;
  }

  /** The request as MicroRaft is to see it; {@link #handled} follows. */
  AppendEntriesRequest limit(AppendEntriesRequest request) {
    long commitIndex = state().commitIndex();
    long last = request.getPreviousLogIndex() + request.getLogEntries().size();
    long committed = Math.min(request.getCommitIndex(), last);
    said = 0;
    shown = 0;
    if (committed <= commitIndex) {
      return request.getCommitIndex() <= commitIndex ? request : with(request, commitIndex);
    }
    long free = Math.max(Math.min(FREE_ENTRIES, mostEntries), request.getLogEntries().size());
    if (committed - commitIndex <= free) {
      return request;
    }
    said = committed;
    shown = commitIndex + free;
    return with(request, shown);
  }

  private AppendEntriesRequest with(AppendEntriesRequest request, long commitIndex) {
    return AdjustedRequest.of(models, request, commitIndex, request.getLogEntries());
  }

  /** MicroRaft has seen the request. If it has not moved its commit index, nothing matched. */
  void handled() {
    RaftState state = state();
    if (said > 0 && state.commitIndex() >= shown) {
      // Perhaps not all entries had room.
      known = Math.max(known, Math.min(said, state.log().lastLogOrSnapshotIndex()));
    }
    said = 0;
    goOn();
  }

  private void goOn() {
    if (!scheduled && known > state().commitIndex()) {
      scheduled = true;
      queue.add(
          () -> {
            scheduled = false;
            standstill.step(this::applySlice);
          });
    }
  }

  /**
   * Not as a candidate, for MicroRaft allows none to, and not as a leader, for what it applies must
   * be durable here: its first own entry commits all the rest, as if there had been no slices.
   */
  private void applySlice() {
    RaftState state = state();
    boolean follows = state.role() == RaftRole.FOLLOWER || state.role() == RaftRole.LEARNER;
    if (!follows || isTerminal()) {
      return; // The next request goes on, if there is one.
    }
    assert known <= Math.max(state.commitIndex(), state.log().lastLogOrSnapshotIndex());
    long begin = loop.nanoTime();
    for (int i = 0; i < mostEntries && state.commitIndex() < known; i++) {
      state.commitIndex(state.commitIndex() + 1);
      ((RaftNodeImpl) raft).applyLogEntries();
      if (isTerminal() || loop.nanoTime() - begin >= SLICE_NANOS) {
        break;
      }
    }
    goOn();
  }

  private boolean isTerminal() {
    return RaftNodeStatus.isTerminal(raft.getStatus());
  }

  private RaftState state() {
    return ((RaftNodeImpl) raft).state();
  }
}
