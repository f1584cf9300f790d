package io.shardwell.raftgroup.replica;

import java.util.List;

/**
 * What a group agrees on: a shard's data or, in `meta`, the cluster map. Loop thread only;
 * deterministic in everything {@link #apply} and the snapshots do.
 */
public interface ReplicatedState {

  /** Applies a committed entry; indexes only grow. */
  Object apply(long index, byte[] proposal);

  /** An entry was appended to this replica's log; it may never be committed. */
  void appended(byte[] proposal);

  /** The first entry of a leader's term. */
  byte[] newTermProposal();

  /** The whole state, in at least one chunk. */
  List<byte[]> takeSnapshot();

  /** Replaces the whole state. */
  void installSnapshot(List<byte[]> chunks);
}
