package io.shardwell.raftgroup.replica;

/** A snapshot being read, beside the state that it will replace. Loop thread only. */
public interface SnapshotShadow {

  /** Reads the next chunk; they come in order. */
  void add(byte[] chunk);

  /** All chunks were read: the state is now the snapshot's. */
  void replaceState();
}
