package io.shardwell.raftgroup.cluster;

import io.shardwell.raftgroup.EventLoop;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.MemoryLimit;
import io.shardwell.statemachine.Reply;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * This node's changes of the cluster's memory setting, brought to `meta` one after the other: a
 * change is sent again and again until the map says that it is decided, or its client's patience
 * ends. Loop thread only.
 */
public final class MemoryChanges {

  /** The last answer if `meta` had no leader all the time; the change had no effect. */
  static final Reply NO_LEADER =
      new Reply.Failure("CLUSTERDOWN No leader for the cluster's settings");

  static final Reply INDETERMINATE =
      new Reply.Failure("INDETERMINATE The setting may or may not have been changed");

  /** Changes that may wait at a time. */
  private static final int MAX_WAITING = 64;

  private static final Reply TOO_MANY =
      new Reply.Failure("TRYAGAIN More than " + MAX_WAITING + " changes of settings wait");

  private static final long RESEND_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final int COUNTER_BITS = 20;
  private static final long FOR_EVER = Long.MAX_VALUE;

  private static final class Waiting {
    final MemoryChange change;
    final long deadlineNanos;
    final Consumer<Reply> onReply;
    long sentNanos;
    boolean sent;

    Waiting(MemoryChange change, long deadlineNanos, Consumer<Reply> onReply) {
      this.change = change;
      this.deadlineNanos = deadlineNanos;
      this.onReply = onReply;
    }
  }

  /** Decided; not yet what the shards go by. */
  private record Settling(long revision, long deadlineNanos, Consumer<Reply> onReply) {}

  private final String nodeId;
  private final long incarnation;
  private final EventLoop loop;
  private final long patienceNanos;
  private final Predicate<byte[]> send;
  private final LongPredicate isInForce;

  // Invariant: only the first may have been sent. So "decided up to number n" means that this very
  // change was applied, and not that a later one came first.
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();

  // Invariant: the first one's patience ends first, so that no later one waits longer than its own.
  private final ArrayDeque<Settling> settling = new ArrayDeque<>();
  private long lastNumber;

  /**
   * @param bootNumber of this start: changes of an earlier one never count as later
   * @param patienceMillis how long a client waits
   * @param send brings a change on its way to the leader of `meta`; false if none is known
   * @param isInForce whether all replicas of this node go by the setting of that revision
   */
  public MemoryChanges(
      String nodeId,
      long incarnation,
      long bootNumber,
      EventLoop loop,
      int patienceMillis,
      Predicate<byte[]> send,
      LongPredicate isInForce) {
    this.nodeId = nodeId;
    this.incarnation = incarnation;
    this.loop = loop;
    this.patienceNanos = TimeUnit.MILLISECONDS.toNanos(patienceMillis);
    this.send = send;
    this.isInForce = isInForce;
    this.lastNumber = bootNumber << COUNTER_BITS;
  }

  /** What this node was started with: the cluster's setting if it never had one. */
  public void propose(MemoryLimit first) {
    lastNumber++;
    MemoryChange change =
        new MemoryChange(nodeId, incarnation, lastNumber, true, first.bytes(), first.policy());
    waiting.add(new Waiting(change, FOR_EVER, reply -> {}));
  }

  /**
   * Changes the setting of the whole cluster.
   *
   * @param bytes the new budget of each node, 0 for none; null to leave it
   * @param policy null to leave it
   * @param onReply OK when it is decided and the shards go by it, those that this node has replicas
   *     of, so that the client's next command meets it; a shard that cannot be reached is not
   *     waited for longer than patience, it will learn of it. Else why not. Called exactly once
   */
  public void change(
      @Nullable Long bytes, @Nullable EvictionPolicy policy, Consumer<Reply> onReply) {
    if (waiting.size() + settling.size() >= MAX_WAITING) {
      onReply.accept(TOO_MANY);
      return;
    }
    lastNumber++;
    MemoryChange change = new MemoryChange(nodeId, incarnation, lastNumber, false, bytes, policy);
    waiting.add(new Waiting(change, loop.nanoTime() + patienceNanos, onReply));
  }

  /** To be called every few ten milliseconds with the newest map this node knows, or null. */
  public void patrol(@Nullable ClusterMap map) {
    while (map != null && !waiting.isEmpty() && map.hasDecided(waiting.element().change)) {
      Waiting decided = waiting.remove();
      if (decided.deadlineNanos != FOR_EVER) {
        settling.add(new Settling(map.memory().revision(), decided.deadlineNanos, decided.onReply));
      }
    }
    long now = loop.nanoTime();
    while (!settling.isEmpty() && isSettled(settling.element(), now)) {
      settling.remove().onReply.accept(Reply.OK);
    }
    // All later ones have waited less; but the first may be one that waits for ever.
    for (Waiting each : waiting.toArray(new Waiting[0])) {
      if (each.deadlineNanos != FOR_EVER && each.deadlineNanos - now <= 0) {
        waiting.remove(each);
        each.onReply.accept(each.sent ? INDETERMINATE : NO_LEADER);
      }
    }
    Waiting first = waiting.peek();
    if (map != null && first != null && (!first.sent || now - first.sentNanos >= RESEND_NANOS)) {
      first.sentNanos = now;
      first.sent |= send.test(MetaState.memoryChange(first.change));
    }
  }

  private boolean isSettled(Settling decided, long now) {
    return decided.deadlineNanos - now <= 0 || isInForce.test(decided.revision);
  }

  /** Whether nothing waits. */
  public boolean isIdle() {
    return waiting.isEmpty() && settling.isEmpty();
  }
}
