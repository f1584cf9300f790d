package io.shardwell.raftgroup.reads;

import io.shardwell.raftgroup.ClientSession;
import io.shardwell.raftgroup.EventLoop;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.ShardState;
import io.shardwell.statemachine.Slots;
import io.shardwell.statemachine.Transaction;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads from replicas of this node that need not lead, for clients that said READONLY: what they
 * return is at most {@link #MAX_STALENESS_MILLIS} old.
 *
 * <p><b>How that is known.</b> Silence proves nothing, and a heartbeat little: its sender may have
 * been deposed, and the network may have kept it. So the node asks: at its own time q it sends an
 * ordinary linearizable read for the index of the shard's log. The answer i covers every write that
 * anybody was answered before q. As soon as this replica has applied i, its state is no older than
 * q, and it may be read until q plus the bound. Only this node's monotonic clock is looked at, and
 * that when a reply is made: a node that was stopped for a while finds its state too old. Entries
 * at or below i are committed, so no later leader takes them back; but they need not be durable
 * here, so after a crash of this node its reads may step back.
 *
 * <p>One question serves all reads of a shard for half the bound; nothing is asked while nobody
 * reads. A read that finds the state too old waits for the answer, at most for the bound. Keys are
 * gone by log time, as everywhere. Loop thread only.
 */
public final class FollowerReads {

  /** How far behind a follower's answer may be, in milliseconds of the node's monotonic clock. */
  public static final int MAX_STALENESS_MILLIS = 1000;

  /** Reads of a shard that wait at most; further ones are not served here. */
  static final int MAX_WAITING = 4096;

  private static final long BOUND_NANOS = TimeUnit.MILLISECONDS.toNanos(MAX_STALENESS_MILLIS);
  private static final long ASK_AFTER_NANOS = BOUND_NANOS / 2;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private record Waiting(
      Invocation invocation, long arrivedNanos, Consumer<@Nullable Reply> onReply) {}

  /** What is known of one replica's age. */
  private static final class Age {
    /** Whether the state is at least as new as the moment {@link #asOfNanos}. */
    boolean known;

    long asOfNanos;

    boolean asking;

    /** An answered question whose index is not applied here yet. */
    boolean behind;

    long answeredIndex;
    long answeredAsOfNanos;

    /** In order of arrival. */
    final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  }

  private final EventLoop loop;
  private final int shards;
  private final Map<Integer, ShardGroup> groups;
  private final ClientSession questions;

  // Invariant: has no shard that groups has not.
  private final Map<Integer, Age> ages = new TreeMap<>();

  private boolean lookScheduled;

  /**
   * @param groups the replicas on this node
   * @param questions a session of its own
   */
  public FollowerReads(
      EventLoop loop, int shards, Map<Integer, ShardGroup> groups, ClientSession questions) {
    this.loop = loop;
    this.shards = shards;
    this.groups = groups;
    this.questions = questions;
  }

  /**
   * Whether a follower may answer such a command at all: a read of keys. Only a leader knows how
   * far a time to live has run down since the last log entry.
   */
  public static boolean serves(Invocation invocation) {
    Command command = invocation.command();
    return !command.isWrite()
        && command.firstKey() > 0
        && command != Command.TTL
        && command != Command.PTTL;
  }

  /**
   * Reads keys of one shard here, if need be after a question to the shard's leader.
   *
   * @param onReply called exactly once, on the loop, perhaps before this returns; gets null if the
   *     state here cannot be shown to be new enough
   */
  public void read(Invocation invocation, Consumer<@Nullable Reply> onReply) {
    if (!serves(invocation)) {
      throw new IllegalArgumentException(invocation.command() + " is for leaders");
    }
    int shard = shardOf(invocation);
    ShardGroup group = groups.get(shard);
    if (group == null) {
      onReply.accept(null);
      return;
    }
    Age age = ages.computeIfAbsent(shard, unused -> new Age());
    Reply reply = readNow(group, age, invocation);
    boolean waits = reply == null && age.waiting.size() < MAX_WAITING;
    if (waits) {
      age.waiting.add(new Waiting(invocation, loop.nanoTime(), onReply));
      scheduleLook();
    }
    if (!isYoungerThan(ASK_AFTER_NANOS, age) && !age.asking && !age.behind) {
      ask(group, age, invocation);
    }
    if (!waits) {
      onReply.accept(reply);
    }
  }

  /** The reply if it can be given at once, for times when there may be nobody to ask; else null. */
  public @Nullable Reply readAtOnce(Invocation invocation) {
    int shard = shardOf(invocation);
    ShardGroup group = groups.get(shard);
    Age age = ages.get(shard);
    return group == null || age == null ? null : readNow(group, age, invocation);
  }

  private int shardOf(Invocation invocation) {
    return Slots.shardOf(Slots.of(invocation.keys().get(0)), shards);
  }

  private boolean isYoungerThan(long nanos, Age age) {
    return age.known && loop.nanoTime() - age.asOfNanos <= nanos;
  }

  private @Nullable Reply readNow(ShardGroup group, Age age, Invocation invocation) {
    catchUp(group, age);
    ShardState state = group.state().shard();
    Reply reply = state.read(invocation, state.logTimeMillis());
    // Looked at last, so that no pause between the reading and the looking is missed.
    if (!isYoungerThan(BOUND_NANOS, age)) {
      return null;
    }
    state.recordLookups(invocation, reply);
    return reply;
  }

  /** Whether this replica has meanwhile applied what a question was answered with. */
  private static void catchUp(ShardGroup group, Age age) {
    if (age.behind && group.state().shard().lastAppliedIndex() >= age.answeredIndex) {
      assert !age.known || age.answeredAsOfNanos >= age.asOfNanos;
      age.behind = false;
      age.known = true;
      age.asOfNanos = age.answeredAsOfNanos;
    }
  }

  /** Names a key that is asked for: if its deadline has passed, the leader puts that on record. */
  private void ask(ShardGroup group, Age age, Invocation invocation) {
    List<byte[]> keys = invocation.keys().subList(0, 1);
    if (!(Transaction.question(keys) instanceof Invocation.Ok ok)) {
      return;
    }
    age.asking = true;
    long asked = loop.nanoTime();
    questions.submit(
        ok.invocation(),
        reply -> {
          age.asking = false;
          if (reply instanceof Reply.Array seen) {
            age.behind = true;
            age.answeredIndex = Transaction.watched(ok.invocation(), seen).get(0).index();
            age.answeredAsOfNanos = asked;
            look(group, age);
          }
        });
  }

  private void scheduleLook() {
    if (lookScheduled) {
      return;
    }
    lookScheduled = true;
    EventLoop.Timer unused =
        loop.schedule(
            () -> {
              lookScheduled = false;
              List.copyOf(ages.keySet())
                  .forEach(
                      shard ->
                          look(
                              Objects.requireNonNull(groups.get(shard)),
                              Objects.requireNonNull(ages.get(shard))));
              if (ages.values().stream().anyMatch(age -> !age.waiting.isEmpty())) {
                scheduleLook();
              }
            },
            LOOK_NANOS);
  }

  /** Answers what waits, if it can be answered now or has waited long enough. */
  private void look(ShardGroup group, Age age) {
    while (!age.waiting.isEmpty()) {
      Waiting first = age.waiting.element();
      Reply reply = readNow(group, age, first.invocation);
      if (reply == null && loop.nanoTime() - first.arrivedNanos < BOUND_NANOS) {
        return;
      }
      age.waiting.remove();
      first.onReply.accept(reply);
    }
  }
}
