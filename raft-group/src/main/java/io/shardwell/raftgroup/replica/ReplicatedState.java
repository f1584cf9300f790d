package io.shardwell.raftgroup.replica;

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

  /** A fingerprint of the whole state, the same wherever the same entries were applied. */
  long digest();

  /** Bytes of the state as docs/memory.md counts them; 0 where that is next to nothing. */
  long logicalBytes();

  /**
   * The whole state as it is now, to be written later. As good as no work.
   *
   * @param mostChunkBytes of a chunk that holds more than one record
   */
  FrozenView freeze(int mostChunkBytes);

  /** Begins to read a snapshot that is to replace the whole state. */
  SnapshotShadow beginInstall();
}
