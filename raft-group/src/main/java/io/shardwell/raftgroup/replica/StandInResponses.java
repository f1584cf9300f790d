package io.shardwell.raftgroup.replica;

import io.microraft.RaftEndpoint;
import io.microraft.model.RaftModelFactory;
import io.microraft.model.message.AppendEntriesFailureResponse;
import io.microraft.model.message.AppendEntriesRequest;
import io.microraft.model.message.AppendEntriesSuccessResponse;
import io.microraft.model.message.InstallSnapshotResponse;
import io.microraft.model.message.RaftMessage;

/** Responses that MicroRaft gets or gives in place of others, of the same group and term. */
final class StandInResponses {

  /** The index of no snapshot, below all. */
  private static final long NO_SNAPSHOT = -1;

  private final RaftModelFactory models;

  StandInResponses(RaftModelFactory models) {
    this.models = models;
  }

  /** What a voter or learner whose log ends before the request's entries answers. */
  AppendEntriesFailureResponse refusal(RaftEndpoint of, AppendEntriesRequest request) {
    return models
        .createAppendEntriesFailureResponseBuilder()
        .setGroupId(request.getGroupId())
        .setSender(of)
        .setTerm(request.getTerm())
        .setExpectedNextIndex(request.getPreviousLogIndex() + 1)
        .setQuerySequenceNumber(0) // MicroRaft's own queries are never used.
        .setFlowControlSequenceNumber(request.getFlowControlSequenceNumber())
        .build();
  }

  /**
   * What a follower answers to the offer of a snapshot that it cannot fetch yet: it asks for one
   * that nobody has, so the leader hears that it lives and offers its snapshot again.
   */
  InstallSnapshotResponse notYet(InstallSnapshotResponse question) {
    return models
        .createInstallSnapshotResponseBuilder()
        .setGroupId(question.getGroupId())
        .setSender(question.getSender())
        .setTerm(question.getTerm())
        .setSnapshotIndex(NO_SNAPSHOT)
        .setRequestedSnapshotChunkIndex(0)
        .setQuerySequenceNumber(0) // MicroRaft's own queries are never used.
        .setFlowControlSequenceNumber(question.getFlowControlSequenceNumber())
        .build();
  }

  /** The success of the same group, sender and term as the response it stands for. */
  AppendEntriesSuccessResponse acknowledgement(
      RaftMessage response, long lastLogIndex, long flowControlSequenceNumber) {
    return models
        .createAppendEntriesSuccessResponseBuilder()
        .setGroupId(response.getGroupId())
        .setSender(response.getSender())
        .setTerm(response.getTerm())
        .setLastLogIndex(lastLogIndex)
        .setQuerySequenceNumber(0) // MicroRaft's own queries are never used.
        .setFlowControlSequenceNumber(flowControlSequenceNumber)
        .build();
  }
}
