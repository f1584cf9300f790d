package io.shardwell.raftgroup.routing;

import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.Post;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.InvocationCodec;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.ReplyCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads of this node for one shard: all that gathered in a turn leave together. A read has no
 * effect, so it may be asked again, anywhere, at any time, and needs no session. Loop thread only.
 */
public final class ReadChannel {

  /** Read batches under way at most. */
  static final int WINDOW = 64;

  private static final long BACK_OFF_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private static final class Asked {
    final List<Pending> reads;
    final long askedNanos;

    /** Set when the answer is there but an earlier one is not. */
    @Nullable List<Reply> replies;

    Asked(List<Pending> reads, long askedNanos) {
      this.reads = reads;
      this.askedNanos = askedNanos;
    }
  }

  private final int shard;
  private final EventLoop loop;
  private final Post post;
  private final Tuning tuning;
  private final Patience patience;
  private final LeaderDirectory leaders;

  /** The replicas on this node; one of this shard may vouch for its term. */
  private final Map<Integer, ShardGroup> groups;

  private final String self;
  private final ShardQueue queue;
  private final TreeMap<Long, Asked> underWay = new TreeMap<>();
  private long nextReadId;

  /** Then what is asked behind the next one would be answered, and asked again, in vain. */
  private boolean lastWasCut;

  /** By the time of patience. */
  private long lastAnswerNanos = Patience.NO_ANSWER;

  /** Loop time before which nothing is asked, after a refusal. */
  private long restUntilNanos = Long.MIN_VALUE;

  /**
   * @param firstReadId no other life of this node begins near it: a question may outlive the
   *     process that asked, and the answer then comes to the next one
   */
  public ReadChannel(
      int shard,
      EventLoop loop,
      Post post,
      Tuning tuning,
      Patience patience,
      LeaderDirectory leaders,
      Map<Integer, ShardGroup> groups,
      String self,
      long firstReadId) {
    this.shard = shard;
    this.loop = loop;
    this.post = post;
    this.tuning = tuning;
    this.patience = patience;
    this.leaders = leaders;
    this.groups = groups;
    this.self = self;
    this.nextReadId = firstReadId;
    this.queue = new ShardQueue(shard);
  }

  /** Queues a read; its reply comes on the loop, exactly once. */
  void submit(Pending read) {
    assert !read.invocation().command().isWrite();
    queue.add(read);
  }

  public boolean isIdle() {
    return queue.isEmpty() && underWay.isEmpty();
  }

  /** At the end of a turn: asks. Returns whether anything went. */
  public boolean pump() {
    if (queue.isEmpty() || (restUntilNanos > loop.nanoTime() && restUntilNanos != Long.MIN_VALUE)) {
      return false;
    }
    String leader = leaders.leaderOf(shard);
    if (leader == null) {
      return false;
    }
    boolean asked = false;
    int window = lastWasCut ? 1 : WINDOW;
    while (!queue.isEmpty() && underWay.size() < window) {
      ask(leader);
      asked = true;
    }
    return asked;
  }

  private void ask(String leader) {
    List<Pending> reads = new ArrayList<>();
    List<Invocation> invocations = new ArrayList<>();
    int bytes = 0;
    while (!queue.isEmpty() && reads.size() < Limits.MAX_BATCH_COMMANDS) {
      Invocation next = queue.first().invocation();
      if (!reads.isEmpty() && bytes + next.encodedBytes() > Limits.MAX_BATCH_BYTES) {
        break;
      }
      bytes += next.encodedBytes();
      invocations.add(next);
      reads.add(queue.remove());
    }
    long readId = nextReadId++;
    underWay.put(readId, new Asked(reads, loop.nanoTime()));
    // "My term is T", said now, after the last of these reads arrived (DESIGN 6).
    int claimedTerm = 0;
    int generation = 0;
    ShardGroup local = groups.get(shard);
    if (local != null && !leader.equals(self)) {
      Replica replica = local.replica();
      claimedTerm = replica.term();
      generation = replica.self().generation();
    }
    post.tell(
        leader,
        new PeerMessage.Read(
            shard, readId, claimedTerm, generation, InvocationCodec.encode(invocations)));
  }

  /** Takes replies; perhaps not to all that was asked: the rest is asked again. */
  public void onAnswer(String from, PeerMessage.ReadAnswer answer) {
    Asked answered = underWay.get(answer.readId());
    if (answered == null) {
      return;
    }
    leaders.confirmed(shard, from);
    lastAnswerNanos = patience.nanoTime();
    answered.replies = ReplyCodec.decode(answer.replies());
    while (!underWay.isEmpty()) {
      Asked first = underWay.firstEntry().getValue();
      List<Reply> replies = first.replies;
      if (replies == null) {
        return;
      }
      long firstId = underWay.firstKey();
      underWay.remove(firstId);
      lastWasCut = replies.size() < first.reads.size();
      if (lastWasCut) {
        askAgainFrom(firstId);
        queue.putBack(first.reads.subList(replies.size(), first.reads.size()));
      }
      for (int i = 0; i < replies.size(); i++) {
        first.reads.get(i).finish(replies.get(i));
      }
    }
  }

  /** These reads were not executed. */
  public void onRefused(String from, PeerMessage.ReadRefused refused) {
    if (!underWay.containsKey(refused.readId())) {
      return;
    }
    leaders.corrected(shard, from, refused.leaderHint());
    restUntilNanos = loop.nanoTime() + BACK_OFF_NANOS;
    askAgainFrom(refused.readId());
  }

  /** Puts what was asked under this number or a later one back into the queue, in order. */
  private void askAgainFrom(long readId) {
    NavigableMap<Long, Asked> again = underWay.tailMap(readId, true);
    for (Asked asked : again.descendingMap().values()) {
      queue.putBack(asked.reads);
    }
    again.clear();
  }

  /** The shard's leader changed, or its link: what is under way is asked again. */
  public void leaderChanged() {
    askAgainFrom(0);
  }

  /** Every few milliseconds while not idle: ends patience, and repeats what stays unanswered. */
  public void patrol() {
    long now = loop.nanoTime();
    long oldest = now - TimeUnit.MILLISECONDS.toNanos(tuning.resendMillis());
    // In order of asking: if the first is not overdue, none is.
    if (!underWay.isEmpty() && underWay.firstEntry().getValue().askedNanos <= oldest) {
      askAgainFrom(underWay.firstKey());
    }
    queue.endPatience(patience, lastAnswerNanos, leaders);
  }
}
