package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
import io.microraft.model.message.AppendEntriesFailureResponse;
import io.microraft.model.message.AppendEntriesSuccessResponse;
import io.microraft.model.message.InstallSnapshotResponse;
import io.microraft.model.message.RaftMessage;
import io.shardwell.raftgroup.wire.PeerMessage;
import org.jspecify.annotations.Nullable;

/**
 * What followers answer to a leader, on its way to MicroRaft:
 *
 * <ul>
 *   <li>of an older term nothing counts, looked at in the moment of handling (MICRORAFT B1);
 *   <li>acknowledgements pass the {@link AcknowledgementGate};
 *   <li>a failure response that names the follower's tail becomes the success it proves, or answers
 *       for it above that tail ({@link NextIndexWalk}, B14).
 * </ul>
 *
 * <p>Loop thread only.
 */
final class FollowerResponses {

  private final RaftNode raft;
  private final GroupView view;
  private final ReplicaStore store;
  private final ReplicaSnapshots snapshots;
  private final LogPositions positions;
  private final AcknowledgementGate gate;
  private final NextIndexWalk walk;
  private final StandInResponses standIns;
  private final Leadership leadership;

  FollowerResponses(
      RaftNode raft,
      GroupView view,
      ReplicaStore store,
      ReplicaSnapshots snapshots,
      LogPositions positions,
      AcknowledgementGate gate,
      NextIndexWalk walk,
      StandInResponses standIns,
      Leadership leadership) {
    this.raft = raft;
    this.view = view;
    this.store = store;
    this.snapshots = snapshots;
    this.positions = positions;
    this.gate = gate;
    this.walk = walk;
    this.standIns = standIns;
    this.leadership = leadership;
  }

  /** Whether the message answers a leader of an earlier term. */
  boolean isOutdated(RaftMessage message) {
    return isResponseToLeader(message) && message.getTerm() < view.term();
  }

  private static boolean isResponseToLeader(RaftMessage message) {
    return message instanceof AppendEntriesSuccessResponse
        || message instanceof AppendEntriesFailureResponse
        || message instanceof InstallSnapshotResponse;
  }

  /** A follower has appended. */
  void acknowledged(AppendEntriesSuccessResponse response) {
    gate.arrived(response, this::handleIfCurrent);
    recheck();
  }

  /** A follower could not append. */
  void refused(AppendEntriesFailureResponse failure, PeerMessage.Raft received) {
    AppendEntriesSuccessResponse proven = proven(failure, received);
    if (proven != null) {
      acknowledged(proven);
    } else {
      walk.refused(failure, received.tailIndex());
    }
  }

  /** MICRORAFT B14: by log matching, equal terms at an index mean equal logs up to there. */
  private @Nullable AppendEntriesSuccessResponse proven(
      AppendEntriesFailureResponse failure, PeerMessage.Raft received) {
    long tail = received.tailIndex();
    if (!view.isLeader() || failure.getTerm() != view.term() || tail == 0) {
      return null;
    }
    boolean known =
        tail == snapshots.snapshotIndex()
            || (tail >= store.firstHeld() && tail <= store.lastIndex());
    if (!known || positions.termOf(tail) != received.tailTerm()) {
      return null;
    }
    return standIns.acknowledgement(failure, tail, failure.getFlowControlSequenceNumber());
  }

  /** Hands a response to MicroRaft, unless its term has ended while it waited here. */
  void handleIfCurrent(RaftMessage response) {
    if (response.getTerm() >= view.term()) {
      raft.handle(response);
      leadership.step();
    }
  }

  /** The log's durable end moved, or more is acknowledged. */
  void recheck() {
    if (!gate.isEmpty()) {
      gate.recheck(this::handleIfCurrent);
    }
  }

  /** The last entry that the member has acknowledged in this term, 0 if none. */
  long acknowledgedBy(ReplicaEndpoint member) {
    return gate.acknowledgedBy(member);
  }

  /** The link to the node broke: what it has answered before does not count any more. */
  void linkBroken(String nodeId) {
    gate.drop(nodeId);
  }

  /** The term, or the leadership, is over. */
  void forget() {
    gate.clear();
  }
}
