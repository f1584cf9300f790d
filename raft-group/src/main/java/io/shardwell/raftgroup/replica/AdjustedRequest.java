package io.shardwell.raftgroup.replica;

import io.microraft.model.RaftModelFactory;
import io.microraft.model.log.LogEntry;
import io.microraft.model.message.AppendEntriesRequest;
import java.util.List;

/** A request to append that differs in its commit index, or in having fewer entries. */
final class AdjustedRequest {

  private AdjustedRequest() {}

  /**
   * The same request otherwise.
   *
   * @param entries the request's own, from the first one on, all or fewer
   */
  static AppendEntriesRequest of(
      RaftModelFactory models,
      AppendEntriesRequest request,
      long commitIndex,
      List<LogEntry> entries) {
    return models
        .createAppendEntriesRequestBuilder()
        .setGroupId(request.getGroupId())
        .setSender(request.getSender())
        .setTerm(request.getTerm())
        .setPreviousLogTerm(request.getPreviousLogTerm())
        .setPreviousLogIndex(request.getPreviousLogIndex())
        .setCommitIndex(commitIndex)
        .setQuerySequenceNumber(request.getQuerySequenceNumber())
        .setFlowControlSequenceNumber(request.getFlowControlSequenceNumber())
        .setLogEntries(entries)
        .build();
  }
}
