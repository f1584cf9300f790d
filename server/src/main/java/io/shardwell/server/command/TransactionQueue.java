package io.shardwell.server.command;

import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Slots;
import io.shardwell.statemachine.Transaction;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What one connection has watched, and queued since MULTI. All keys of both must meet: in one
 * shard, or for a client of the cluster face in one slot. Loop thread only.
 */
final class TransactionQueue {

  private static final int NOWHERE = -1;

  /**
   * A queued command.
   *
   * @param own its name in lower case if it is one of the node itself
   * @param invocation what its shard is asked; null if nothing
   * @param shown how the node makes its answer of the shard's; null if it is the answer
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody, never changed.
  record Queued(
      byte[][] words,
      @Nullable String own,
      @Nullable Invocation invocation,
      @Nullable Function<Reply, Answer> shown) {}

  /** What a word takes beside its bytes: an array's header, and two places among the words. */
  private static final int WORD_OVERHEAD_BYTES = 32;

  /** What a queued command or a watched key takes beside its words. */
  private static final int ITEM_OVERHEAD_BYTES = 150;

  private final Face face;

  // Invariant: nothing is queued and nothing aborted while it is not open.
  private boolean open;
  private boolean aborted;
  private final List<Queued> queued = new ArrayList<>();
  private long bytes;
  private int arguments;

  private final Map<ByteBuffer, Transaction.Watched> watched = new LinkedHashMap<>();

  // Invariant: the sum of the watched keys' lengths.
  private long watchedBytes;

  /** The shard or slot of all keys so far. */
  private int place = NOWHERE;

  TransactionQueue(Face face) {
    this.face = face;
  }

  boolean isOpen() {
    return open;
  }

  boolean isAborted() {
    return aborted;
  }

  /** How many commands are queued; -1 outside of a transaction, as CLIENT LIST shows it. */
  int length() {
    return open ? queued.size() : -1;
  }

  /** How much memory the queued commands and the watched keys take, roughly, in bytes. */
  long heldBytes() {
    return bytes
        + watchedBytes
        + (long) WORD_OVERHEAD_BYTES * arguments
        + (long) ITEM_OVERHEAD_BYTES * (queued.size() + watched.size());
  }

  void begin() {
    assert !open;
    open = true;
  }

  /** A command was refused: EXEC will do nothing. */
  void abort() {
    assert open;
    aborted = true;
  }

  /** Whether these keys lie where all others do; if so, they are counted in. */
  boolean admits(List<byte[]> keys, int shards) {
    int before = place;
    for (byte[] key : keys) {
      int slot = Slots.of(key);
      int there = face == Face.CLUSTER ? slot : Slots.shardOf(slot, shards);
      if (place != NOWHERE && place != there) {
        place = before;
        return false;
      }
      place = there;
    }
    return true;
  }

  /** Whether one more command of this length fits; if so, it is queued. */
  boolean add(Queued command) {
    assert open;
    Invocation invocation = command.invocation();
    long length = invocation == null ? 0 : invocation.encodedBytes();
    for (byte[] word : command.words()) {
      length += invocation == null ? word.length : 0;
    }
    if (queued.size() == Limits.MAX_TRANSACTION_COMMANDS
        || arguments + command.words().length > Limits.MAX_TRANSACTION_ARGUMENTS
        || bytes + length > Limits.MAX_TRANSACTION_BYTES) {
      return false;
    }
    bytes += length;
    arguments += command.words().length;
    queued.add(command);
    return true;
  }

  List<Queued> queued() {
    return List.copyOf(queued);
  }

  boolean watches(byte[] key) {
    return watched.containsKey(ByteBuffer.wrap(key));
  }

  int watchedKeys() {
    return watched.size();
  }

  /** A key was found like this when it was watched for the first time. */
  void watch(Transaction.Watched seen) {
    if (watched.putIfAbsent(ByteBuffer.wrap(seen.key()), seen) == null) {
      watchedBytes += seen.key().length;
    }
  }

  List<Transaction.Watched> watched() {
    return List.copyOf(watched.values());
  }

  /** Nothing is watched any more; what is queued stays. */
  void unwatch() {
    watched.clear();
    watchedBytes = 0;
    leave();
  }

  /** Keys that were counted in are not watched after all. */
  void watchFailed() {
    leave();
  }

  /** Who has nothing is tied to no place. */
  private void leave() {
    if (watched.isEmpty() && queued.isEmpty()) {
      place = NOWHERE;
    }
  }

  /** As if there had been neither MULTI nor WATCH. */
  void clear() {
    open = false;
    aborted = false;
    queued.clear();
    bytes = 0;
    arguments = 0;
    unwatch();
  }
}
