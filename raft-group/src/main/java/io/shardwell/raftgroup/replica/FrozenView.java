package io.shardwell.raftgroup.replica;

import org.jspecify.annotations.Nullable;

/** A group's state as it was at one moment, on its way into chunks. Loop thread only. */
public interface FrozenView {

  /** How many chunks there will be, at least one. */
  int chunkCount();

  /** How long they will be together at most, in bytes. */
  long mostBytes();

  /**
   * Does a little work: at most so many records.
   *
   * @return the next chunk if it is complete now, else null
   */
  byte @Nullable [] write(int mostRecords);

  /** It is not wanted any more, complete or not. */
  void letGo();

  /** The view of a state that is one small chunk. */
  static FrozenView of(byte[] chunk) {
    return new FrozenView() {
      @Override
      public int chunkCount() {
        return 1;
      }

      @Override
      public long mostBytes() {
        return chunk.length;
      }

      @Override
      public byte[] write(int mostRecords) {
        return chunk;
      }

      @Override
      public void letGo() {}
    };
  }
}
