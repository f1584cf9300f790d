package io.shardwell.raftgroup.replica;

import io.microraft.RaftEndpoint;
import io.microraft.model.RaftModelFactory;
import io.microraft.model.log.LogEntry;
import io.microraft.model.log.SnapshotChunk;
import io.microraft.model.message.AppendEntriesFailureResponse;
import io.microraft.model.message.AppendEntriesRequest;
import io.microraft.model.message.AppendEntriesSuccessResponse;
import io.microraft.model.message.InstallSnapshotRequest;
import io.microraft.model.message.InstallSnapshotResponse;
import io.microraft.model.message.PreVoteRequest;
import io.microraft.model.message.PreVoteResponse;
import io.microraft.model.message.RaftMessage;
import io.microraft.model.message.VoteRequest;
import io.microraft.model.message.VoteResponse;
import io.microraft.transport.Transport;
import io.shardwell.raftgroup.WireLimits;
import io.shardwell.raftgroup.wire.Outbox;
import io.shardwell.raftgroup.wire.PeerMessage;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What MicroRaft says to the other replicas of a group: {@link HeldMessages held until durable},
 * cut to a size, and stamped with who it is meant for and where our log ends. What must not or need
 * not leave is lost here. Loop thread only.
 */
final class ReplicaTransport implements Transport {
  /**
   * How often a follower that cannot fetch a snapshot yet tells its leader so, at most. Each answer
   * brings the next offer at once; what is swallowed is repeated after some 160 ms first, then 320
   * (B11), and a leader that hears nothing for {@code heartbeatTimeoutMillis} believes the follower
   * gone.
   */
  private static final long NOT_YET_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final LoopContext context;
  private final int group;
  private final GroupView view;
  private final ReplicaStore store;
  private final ReplicaSnapshots snapshots;
  private final LogPositions positions;
  private final HeldMessages held;
  private final Candidacy candidacy;
  private final NextIndexWalk walk;
  private final RaftModelFactory models;
  private final StandInResponses standIns;

  /** What the response to the AppendEntries being handled lacks (MICRORAFT B5). */
  private long responseBase;

  /** Whether the request being handled was answered (MICRORAFT B4: no error passes in silence). */
  private boolean answered;

  private long lastChunkSentNanos = Long.MIN_VALUE;
  private long lastNotYetNanos = Long.MIN_VALUE;

  /**
   * By node id, the last answer whose chunk is not written yet. One for each follower: it asks for
   * one chunk at a time, and again only when it got none.
   */
  private final Map<String, InstallSnapshotRequest> awaited = new TreeMap<>();

  ReplicaTransport(
      LoopContext context,
      int group,
      GroupView view,
      ReplicaStore store,
      ReplicaSnapshots snapshots,
      LogPositions positions,
      HeldMessages held,
      Candidacy candidacy,
      NextIndexWalk walk,
      RaftModelFactory models,
      StandInResponses standIns) {
    this.context = context;
    this.group = group;
    this.view = view;
    this.store = store;
    this.snapshots = snapshots;
    this.positions = positions;
    this.held = held;
    this.candidacy = candidacy;
    this.walk = walk;
    this.models = models;
    this.standIns = standIns;
  }

  /**
   * Whether MicroRaft answers a request while it handles it.
   *
   * @param base by how much a success response's index is too low
   */
  boolean answers(long base, Runnable handle) {
    answered = false;
    responseBase = base;
    handle.run();
    responseBase = 0;
    return answered;
  }

  /** Whether a follower has fetched a snapshot within the last so many nanoseconds. */
  boolean hasSentChunkWithin(long nanos) {
    return lastChunkSentNanos != Long.MIN_VALUE
        && context.loop().nanoTime() - lastChunkSentNanos < nanos;
  }

  @Override
  public boolean isReachable(RaftEndpoint endpoint) {
    Outbox outbox = context.outboxes().get(((ReplicaEndpoint) endpoint).nodeId());
    return outbox != null && outbox.isUp();
  }

  /**
   * MicroRaft answers a chunk of a snapshot "to the leader" even where it knows none at that moment
   * (InstallSnapshotRequestHandler). That answer is lost; the next leader's request gets another.
   * And no link leads to an earlier incarnation of this node, which a configuration may still name.
   */
  @Override
  public void send(@Nullable RaftEndpoint target, RaftMessage message) {
    if (target == null || view.isThisNode((ReplicaEndpoint) target)) {
      return;
    }
    try {
      sendIfDue((ReplicaEndpoint) target, message);
    } catch (Throwable failure) {
      context.faults().fault("could not send " + message, failure);
    }
  }

  private void sendIfDue(ReplicaEndpoint target, RaftMessage message) {
    if (message instanceof AppendEntriesRequest request && walk.answers(target, request)) {
      return;
    }
    if (asksForVotes(message) && !view.isVoter()) {
      return;
    }
    if (message instanceof InstallSnapshotResponse question && !snapshots.mayFetch()) {
      sendNotYet(target, question);
      return;
    }
    if (message instanceof PreVoteRequest request) {
      candidacy.ask(request, () -> sendDurable(target, request));
      return;
    }
    if (message instanceof PreVoteResponse response) {
      answering(target, response);
    } else if (message instanceof VoteResponse response && response.isGranted()) {
      candidacy.voted();
    }
    sendDurable(target, message);
  }

  private void sendNotYet(ReplicaEndpoint leader, InstallSnapshotResponse question) {
    long now = context.loop().nanoTime();
    if (lastNotYetNanos == Long.MIN_VALUE || now - lastNotYetNanos >= NOT_YET_NANOS) {
      lastNotYetNanos = now;
      sendDurable(leader, standIns.notYet(question));
    }
  }

  /**
   * A refusal names the term that was asked for only if our log is longer: any other reason names
   * our own (PreVoteRequestHandler).
   */
  private void answering(ReplicaEndpoint asker, PreVoteResponse response) {
    if (response.isGranted()) {
      candidacy.granted(asker.nodeId());
    } else if (response.getTerm() > view.term()) {
      candidacy.refusedShorterLog();
    }
  }

  /**
   * Requests that only a voter may make: a candidate counts itself, so for one outside of the
   * voters a minority of them would be enough. MicroRaft lets every replica ask for pre-votes when
   * it starts (PreVoteTask), a learner too, and fails when they are granted.
   */
  private static boolean asksForVotes(RaftMessage message) {
    return message instanceof PreVoteRequest || message instanceof VoteRequest;
  }

  private void sendDurable(ReplicaEndpoint target, RaftMessage message) {
    long vouchedFor = positions.last();
    long tailIndex = 0;
    int tailTerm = 0;
    RaftMessage sent = message;
    if (message instanceof AppendEntriesRequest request) {
      vouchedFor = Math.max(store.termRecordPosition(), positions.of(request.getCommitIndex()));
      sent = cut(request);
    } else {
      answered = true;
      if (message instanceof AppendEntriesSuccessResponse success && responseBase > 0) {
        sent =
            standIns.acknowledgement(
                success,
                success.getLastLogIndex() + responseBase,
                success.getFlowControlSequenceNumber());
      } else if (message instanceof AppendEntriesFailureResponse) {
        // Synced by the time this leaves, because it is held for the replica's last record.
        tailIndex = store.lastIndex();
        tailTerm = tailIndex == 0 ? 0 : positions.termOf(tailIndex);
      } else if (message instanceof InstallSnapshotRequest request) {
        if (request.getSnapshotChunk() != null) {
          // Without one it is an offer, which is repeated to whoever is gone, too, for ever.
          lastChunkSentNanos = context.loop().nanoTime();
        }
        ChunkBytes unwritten = unwritten(request.getSnapshotChunk());
        if (unwritten != null) {
          sendWhenWritten(target, request, unwritten);
          return;
        }
      }
    }
    Outbox outbox = Objects.requireNonNull(context.outboxes().get(target.nodeId()));
    PeerMessage.Raft out =
        new PeerMessage.Raft(
            group,
            view.self().generation(),
            target.incarnation(),
            target.generation(),
            tailIndex,
            tailTerm,
            sent);
    held.send(target.nodeId(), vouchedFor, () -> outbox.add(out));
  }

  private static @Nullable ChunkBytes unwritten(@Nullable SnapshotChunk chunk) {
    if (chunk == null) {
      return null;
    }
    ChunkBytes bytes = (ChunkBytes) chunk.getOperation();
    return bytes.isWritten() ? null : bytes;
  }

  /**
   * A chunk may be asked for before it is written: MicroRaft has the snapshot before we do. The
   * answer waits for it. Were it lost, MicroRaft would offer the snapshot again only after a
   * back-off, for every few chunks, and a download that takes longer than the log takes to the next
   * snapshot begins again with that one (B10). A chunk that is written is still of the newest
   * snapshot, or it would have been given up; but the office may be lost meanwhile, and then the
   * answer is lost too, as any message may be.
   */
  private void sendWhenWritten(
      ReplicaEndpoint target, InstallSnapshotRequest answer, ChunkBytes chunk) {
    if (!answer.isSenderLeader()) {
      return;
    }
    awaited.put(target.nodeId(), answer);
    chunk.whenWritten(
        () -> {
          boolean wanted = awaited.remove(target.nodeId(), answer);
          if (wanted && view.isLeader() && view.term() == answer.getTerm()) {
            sendDurable(target, answer);
          }
        });
  }

  /** The link to the node broke: what waits for it is lost with it (MICRORAFT B1). */
  void linkBroken(String nodeId) {
    awaited.remove(nodeId);
  }

  /**
   * Cuts the entries to a size; safe, the leader takes matchIndex from the response (B10). The same
   * entries are always cut at the same place, whatever is in memory or else to be done: sent again
   * with fewer, they would take a follower's commit index back, and it would fail (B12).
   */
  private AppendEntriesRequest cut(AppendEntriesRequest request) {
    List<LogEntry> entries = request.getLogEntries();
    long bytes = 0;
    int count = 0;
    while (count < entries.size()) {
      bytes += WireLimits.APPENDED_ENTRY_BYTES;
      bytes += entries.get(count).getOperation() instanceof LogBytes payload ? payload.size() : 0;
      if (count > 0 && bytes > WireLimits.MAX_APPEND_BYTES) {
        break; // The first one goes, however large.
      }
      count++;
    }
    if (count == entries.size()) {
      return request;
    }
    return AdjustedRequest.of(models, request, request.getCommitIndex(), entries.subList(0, count));
  }
}
