package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
import io.microraft.impl.RaftNodeImpl;
import io.microraft.impl.log.SnapshotChunkCollector;
import io.microraft.impl.state.RaftState;
import io.microraft.model.message.InstallSnapshotRequest;

/**
 * Two faults of MicroRaft's: a follower keeps a half-done download of a snapshot for ever
 *
 * <ul>
 *   <li>if the next leader's snapshot is older (InstallSnapshotRequestHandler takes the newer one
 *       for the better). The one who sent it leads no more, the one who leads offers what is
 *       ignored, and the follower is out of the group until the new leader takes a snapshot of a
 *       higher index, which takes as much log as a snapshot does: on an idle shard for good;
 *   <li>if the next leader still has the entries and sends these. Nobody will send the rest of the
 *       snapshot, and what was fetched stays in memory.
 * </ul>
 */
final class StaleDownload {
  /** There is no such download. */
  static final long NONE = -1;

  private StaleDownload() {}

  /**
   * Call after entries are handled; what had been fetched is to be deleted then.
   *
   * @return the index of the snapshot whose download was given up because the log has reached it,
   *     or {@link #NONE}
   */
  static long endOvertaken(RaftNode raft) {
    RaftState state = ((RaftNodeImpl) raft).state();
    SnapshotChunkCollector download = state.snapshotChunkCollector();
    if (download == null || download.getSnapshotIndex() > state.commitIndex()) {
      return NONE;
    }
    state.snapshotChunkCollector(null);
    return download.getSnapshotIndex();
  }

  /**
   * Call before a message of a snapshot is handled; what had been fetched is to be deleted then.
   *
   * @return the index of the snapshot whose download was given up, or {@link #NONE}
   */
  static long end(RaftNode raft, InstallSnapshotRequest request) {
    RaftState state = ((RaftNodeImpl) raft).state();
    SnapshotChunkCollector download = state.snapshotChunkCollector();
    boolean ofLeader = request.isSenderLeader() && request.getTerm() >= state.term();
    // A leader's own snapshots only get newer, and its messages keep their order: the download is
    // of a snapshot of somebody who led before.
    if (download == null
        || !ofLeader
        || request.getSnapshotIndex() <= state.commitIndex()
        || download.getSnapshotIndex() <= request.getSnapshotIndex()) {
      return NONE;
    }
    state.snapshotChunkCollector(null);
    return download.getSnapshotIndex();
  }
}
