package io.shardwell.statemachine;

import java.util.List;

/**
 * One shard's replicated state: keyspace, recency, sessions, log time. Deterministic; used by one
 * thread.
 */
public final class ShardState {
  /** An empty shard: no keys, log time 0, no entry applied. */
  public ShardState() {}

  /**
   * Applies a committed log entry: moves log time to its stamp if that is later, then executes it.
   *
   * @param index the entry's position in the log; greater than that of the entry applied before
   * @throws MalformedBytesException if the bytes are not a proposal: a broken invariant, the state
   *     must not be used any further
   */
  public Outcome apply(long index, byte[] proposal) {
    return new Outcome.Nothing();
  }

  /**
   * Whether a key the read looks at is past its deadline by the stamp but not yet by log time. The
   * leader then proposes a tick before it serves the read.
   */
  public boolean needsTick(Invocation read, long stampMillis) {
    return false;
  }

  /**
   * Answers a read without changing anything. Keys exist by log time; TTL and PTTL count from the
   * stamp, but never below 1 ms.
   *
   * @throws IllegalArgumentException if the command is a write
   */
  public Reply read(Invocation read, long stampMillis) {
    return Reply.NIL;
  }

  /** The largest stamp applied, in milliseconds; 0 at first. */
  public long logTimeMillis() {
    return 0;
  }

  /** The index of the last entry applied or installed; 0 at first. */
  public long lastAppliedIndex() {
    return 0;
  }

  /**
   * The earliest deadline of any key not yet removed, past ones included, or Long.MAX_VALUE. While
   * it is past, ticks give the shard the chance to free memory.
   */
  public long nextDeadlineMillis() {
    return 0;
  }

  /** A fingerprint of the whole state: equal on all replicas at equal indexes. O(1). */
  public long digest() {
    return 0;
  }

  /**
   * The whole state as chunks of at most {@link Limits#MAX_CHUNK_BYTES} each, a larger value alone.
   */
  public List<byte[]> takeSnapshot() {
    return List.of();
  }

  /**
   * Replaces the whole state by that of a snapshot, all its chunks in order.
   *
   * @throws MalformedBytesException if the chunks are not one whole snapshot, or its digest does
   *     not fit; the state is then unchanged
   */
  public void installSnapshot(List<byte[]> chunks) {}

  /** Figures for operators. */
  public ShardStats stats() {
    return new ShardStats(0, 0, 0, 0, 0, 0, 0, 0);
  }
}
