package io.shardwell.statemachine;

import java.util.Arrays;

/** What applying a log entry did. Everything but {@link Applied} left keys and sessions alone. */
public sealed interface Outcome {
  /**
   * The batch took effect now.
   *
   * @param replies one per command, {@link ReplyCodec} bytes
   * @param hits keys that its commands read and found
   * @param misses keys that they looked for in vain; neither is known far from the shard, nor part
   *     of what makes two of these equal
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by content below, never changed.
  record Applied(byte[] replies, long hits, long misses) implements Outcome {
    /** Where only the replies are known. */
    public Applied(byte[] replies) {
      this(replies, 0, 0);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Applied that && Arrays.equals(replies, that.replies);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(replies);
    }
  }

  /**
   * The batch of this number took effect before; it may have been another copy, an empty one
   * included.
   *
   * @param replies what was answered then, {@link ReplyCodec} bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by content below, never changed.
  record Repeated(byte[] replies) implements Outcome {
    @Override
    public boolean equals(Object other) {
      return other instanceof Repeated that && Arrays.equals(replies, that.replies);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(replies);
    }
  }

  /** Took effect before; the replies are no longer known: acknowledged, or too large to keep. */
  record RepliesGone() implements Outcome {}

  /**
   * Batches before this one are missing.
   *
   * @param expectedSequence the number the session must send next
   */
  record Gap(long expectedSequence) implements Outcome {}

  /** The shard knows no session of this boot, and the batch is not its first. */
  record SessionUnknown() implements Outcome {}

  /**
   * A later start of the same node has taken over.
   *
   * @param currentBoot the boot number of that start
   */
  record BootSuperseded(long currentBoot) implements Outcome {}

  /** The node's incarnation has left the cluster for ever. */
  record SessionRetired() implements Outcome {}

  /** The entry was no batch: a tick, a new term, a retirement. */
  record Nothing() implements Outcome {}
}
