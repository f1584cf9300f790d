package io.shardwell.statemachine;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** The stream of batches from one boot of one node: how far it has come, and what was answered. */
final class Session {
  /** The replies of one batch; null if they were too large to keep. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared, never changed.
  record Remembered(byte @Nullable [] replies, long digest) {
    static Remembered of(byte @Nullable [] replies) {
      return new Remembered(replies, replies == null ? 0 : Hash.of(replies));
    }
  }

  private final long boot;
  private long lastSequence;
  // Invariant: the replies of lastSequence - size + 1 .. lastSequence, in order.
  private final Deque<Remembered> remembered = new ArrayDeque<>(4);

  Session(long boot, long lastSequence) {
    this.boot = boot;
    this.lastSequence = lastSequence;
  }

  /** The same session, for a snapshot of it as it is now. */
  Session copy() {
    Session copy = new Session(boot, lastSequence);
    copy.remembered.addAll(remembered);
    return copy;
  }

  long boot() {
    return boot;
  }

  long lastSequence() {
    return lastSequence;
  }

  /** What is remembered, oldest first; the last one belongs to {@link #lastSequence}. */
  Iterable<Remembered> remembered() {
    return remembered;
  }

  int rememberedSize() {
    return remembered.size();
  }

  /** The replies of a batch that took effect, or null if they are not remembered. */
  byte @Nullable [] repliesOf(long sequence) {
    long earliest = lastSequence - remembered.size() + 1;
    if (sequence < earliest) {
      return null;
    }
    long skip = sequence - earliest;
    for (Remembered each : remembered) {
      if (skip-- == 0) {
        return each.replies();
      }
    }
    throw new AssertionError("batch " + sequence + " is after " + lastSequence);
  }

  /** Remembers the next batch and forgets what the node says it has. */
  void applied(long sequence, long acknowledgedSequence, byte[] replies) {
    assert sequence == lastSequence + 1 : sequence + " after " + lastSequence;
    assert acknowledgedSequence < sequence;
    lastSequence = sequence;
    remembered.addLast(
        Remembered.of(replies.length > Limits.MAX_REMEMBERED_REPLY_BYTES ? null : replies));
    while (lastSequence - remembered.size() < acknowledgedSequence
        || remembered.size() > Limits.MAX_REMEMBERED_BATCHES) {
      remembered.removeFirst();
    }
  }

  /** Takes one of the remembered replies of a snapshot, oldest first. */
  void load(Remembered next) {
    remembered.addLast(next);
  }

  /** A fingerprint of all of it; the window is short, so it is computed anew. */
  long digest() {
    long running = Hash.combine(boot, lastSequence);
    for (Remembered each : remembered) {
      running = Hash.combine(running, each.replies() == null ? 0 : 1);
      running = Hash.combine(running, each.digest());
    }
    return running;
  }
}
