package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
import io.microraft.RaftNodeStatus;
import io.microraft.model.message.AppendEntriesFailureResponse;
import io.microraft.model.message.AppendEntriesRequest;
import io.microraft.model.message.AppendEntriesSuccessResponse;
import io.microraft.model.message.InstallSnapshotRequest;
import io.microraft.model.message.PreVoteRequest;
import io.microraft.model.message.PreVoteResponse;
import io.microraft.model.message.RaftMessage;
import io.microraft.model.message.TriggerLeaderElectionRequest;
import io.microraft.model.message.VoteRequest;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.storage.FaultHandler;
import java.util.function.BooleanSupplier;

/**
 * What comes in from the other replicas of a group passes here before MicroRaft sees it:
 *
 * <ul>
 *   <li>what was said to another incarnation is dropped (MICRORAFT B16);
 *   <li>what followers answer goes through the {@link FollowerResponses};
 *   <li>an AppendEntries below our snapshot passes the {@link CompactedPrefixGuard} (B5), one with
 *       a change of members behind another the {@link EarlierChange};
 *   <li>what it says to be committed is applied in {@link CommitSlices}, and whoever is behind with
 *       that does not follow a call to lead;
 *   <li>a request that is left without an answer is a fault (B4);
 *   <li>a pre-vote that a leader of the same term has overtaken is ended ({@link StalePreVote}),
 *       and so is a download that the leader of now will not complete ({@link StaleDownload}).
 * </ul>
 *
 * <p>Loop thread only.
 */
final class IncomingGuard {

  private final int group;
  private final RaftNode raft;
  private final GroupView view;
  private final ReplicaStore store;
  private final ReplicaSnapshots snapshots;
  private final CompactedPrefixGuard prefixGuard;
  private final EarlierChange earlierChange;
  private final StaleDownload staleDownload;
  private final CommitSlices slices;
  private final BooleanSupplier isBehind;
  private final FollowerResponses followers;
  private final Candidacy candidacy;
  private final OvertakenMembers overtaken;
  private final SignsOfLife signs;
  private final ReplicaTransport transport;
  private final FaultHandler faults;

  IncomingGuard(
      int group,
      RaftNode raft,
      GroupView view,
      ReplicaStore store,
      ReplicaSnapshots snapshots,
      CompactedPrefixGuard prefixGuard,
      EarlierChange earlierChange,
      StaleDownload staleDownload,
      CommitSlices slices,
      BooleanSupplier isBehind,
      FollowerResponses followers,
      Candidacy candidacy,
      OvertakenMembers overtaken,
      SignsOfLife signs,
      ReplicaTransport transport,
      FaultHandler faults) {
    this.group = group;
    this.raft = raft;
    this.view = view;
    this.store = store;
    this.snapshots = snapshots;
    this.prefixGuard = prefixGuard;
    this.earlierChange = earlierChange;
    this.staleDownload = staleDownload;
    this.slices = slices;
    this.isBehind = isBehind;
    this.followers = followers;
    this.candidacy = candidacy;
    this.overtaken = overtaken;
    this.signs = signs;
    this.transport = transport;
    this.faults = faults;
  }

  /** Lets a message through, as it is or as MicroRaft should see it, or drops it. */
  void handle(PeerMessage.Raft received) {
    RaftMessage message = received.message();
    if (!isMeantForThis(received) || followers.isOutdated(message)) {
      return;
    }
    signs.spoke(message);
    if (message instanceof AppendEntriesSuccessResponse success) {
      followers.acknowledged(success);
    } else if (message instanceof AppendEntriesFailureResponse failure) {
      followers.refused(failure, received);
    } else if (message instanceof AppendEntriesRequest request && request.getTerm() >= term()) {
      CompactedPrefixGuard.Rewritten rewritten =
          earlierChange.settle(
              prefixGuard.rewrite(
                  slices.limit(request),
                  snapshots.snapshotIndex(),
                  snapshots.snapshotTerm(),
                  store.firstHeld(),
                  store.lastIndex()));
      endStalePreVote(request);
      handleRequest(rewritten.request(), rewritten.base());
      slices.handled();
      staleDownload.endOvertaken();
    } else if (message instanceof AppendEntriesRequest
        || message instanceof VoteRequest
        || message instanceof PreVoteRequest) {
      handleRequest(message, 0);
    } else if (message instanceof PreVoteResponse response) {
      if (!candidacy.standsBack()) {
        RefusedPreVote.learnTerm(raft, response);
        raft.handle(response);
        overtaken.putBack();
      }
    } else if (message instanceof InstallSnapshotRequest request) {
      handleChunk(request);
    } else if (message instanceof TriggerLeaderElectionRequest && isBehind.getAsBoolean()) {
      // With its own first entry it would apply all the rest at once, and all its groups wait.
      return;
    } else {
      raft.handle(message);
      overtaken.putBack();
    }
  }

  private int term() {
    return view.term();
  }

  /**
   * A replica that lost its files has another identity (DESIGN 10): what was said to the one before
   * it, an entry or a vote granted, must not reach it, nor may it hear itself.
   */
  private boolean isMeantForThis(PeerMessage.Raft received) {
    return received.targetIncarnation() == view.self().incarnation()
        && received.targetGeneration() == view.self().generation()
        && !view.isThisNode((ReplicaEndpoint) received.message().getSender());
  }

  private void endStalePreVote(RaftMessage ofLeader) {
    if (ofLeader.getTerm() == term()) {
      StalePreVote.end(raft);
    }
  }

  /** A request that must be answered; see {@link ReplicaTransport#answers}. */
  private void handleRequest(RaftMessage request, long base) {
    boolean answered = transport.answers(base, () -> raft.handle(request));
    if (!answered && raft.getStatus() == RaftNodeStatus.ACTIVE) {
      faults.fault("group " + group + " left a request unanswered: " + request, null);
    }
  }

  private void handleChunk(InstallSnapshotRequest request) {
    if (!request.isSenderLeader() && raft.getTerm().getLeaderEndpoint() == null) {
      // From a leader of before. MicroRaft asks whether the next chunk's holder is the leader,
      // and fails if there is none (InstallSnapshotRequestHandler).
      return;
    }
    endStalePreVote(request);
    staleDownload.endFormer(request);
    raft.handle(request);
    overtaken.putBack();
  }
}
