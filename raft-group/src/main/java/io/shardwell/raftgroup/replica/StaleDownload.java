package io.shardwell.raftgroup.replica;

import io.microraft.RaftNode;
import io.microraft.impl.RaftNodeImpl;
import io.microraft.impl.log.SnapshotChunkCollector;
import io.microraft.impl.state.RaftState;
import io.microraft.model.message.InstallSnapshotRequest;

/**
 * Gives up a download that nobody will complete. MicroRaft keeps a half-done one for ever
 *
 * <ul>
 *   <li>if the next leader's snapshot is older (InstallSnapshotRequestHandler takes the newer one
 *       for the better). The one who sent it leads no more, the one who leads offers what is
 *       ignored, and the follower is out of the group until the new leader takes a snapshot of a
 *       higher index, which takes as much log as a snapshot does: on an idle shard for good;
 *   <li>if the next leader still has the entries and sends these, or is this replica itself. Nobody
 *       will send the rest of the snapshot, and what was fetched stays in memory.
 * </ul>
 *
 * <p>Loop thread only.
 */
final class StaleDownload {
  private final RaftNode raft;
  private final ReplicaSnapshots snapshots;

  StaleDownload(RaftNode raft, ReplicaSnapshots snapshots) {
    this.raft = raft;
    this.snapshots = snapshots;
  }

  /** Call when the commit index may have moved: ends a download of what the log has reached. */
  void endOvertaken() {
    RaftState state = state();
    SnapshotChunkCollector download = state.snapshotChunkCollector();
    if (download != null && download.getSnapshotIndex() <= state.commitIndex()) {
      end(download);
    }
  }

  /**
   * Call before a message of a snapshot is handled: an offer of the leader's ends the download of a
   * former leader's.
   */
  void endFormer(InstallSnapshotRequest request) {
    RaftState state = state();
    SnapshotChunkCollector download = state.snapshotChunkCollector();
    boolean ofLeader = request.isSenderLeader() && request.getTerm() >= state.term();
    // A leader's own snapshots only get newer, and its offers keep their order: the download is of
    // a snapshot of somebody who led before. Its chunks are overtaken by offers, for they are
    // long: one of its snapshot before says nothing.
    if (download != null
        && ofLeader
        && request.getSnapshotChunk() == null
        && request.getSnapshotIndex() > state.commitIndex()
        && download.getSnapshotIndex() > request.getSnapshotIndex()) {
      end(download);
    }
  }

  private void end(SnapshotChunkCollector download) {
    state().snapshotChunkCollector(null);
    snapshots.dropDownload(download.getSnapshotIndex());
  }

  private RaftState state() {
    return ((RaftNodeImpl) raft).state();
  }
}
