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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads of this node for one shard: all that gathered in a turn leave together. A read has no
 * effect, so it may be asked again, anywhere, at any time, and needs no session.
 *
 * <p>What stays unanswered is asked again of the same leader, under new numbers and after ever
 * longer waits: the answer may be large, still on a slow wire, and each asking sends another one
 * after it. So the answer to any asking will do. A wire keeps its order and a leader serves one
 * node's questions in theirs: answers with increasing numbers are of states that do not step back,
 * and only such are taken. That holds for one leader and one link; with either of them all askings
 * are forgotten. Loop thread only.
 */
public final class ReadChannel {

  /** Read batches under way at most. */
  static final int WINDOW = 64;

  private static final long BACK_OFF_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private static final class Asked {
    final List<Pending> reads;
    final byte[] invocations;
    final String leader;
    final long firstAskedNanos;

    /** So many of the reads, the first ones, wait no more: their clients' patience has ended. */
    int givenUp;

    /** The number of the last asking. */
    long readId;

    long askedNanos;

    /**
     * Set when an answer is there but none to an earlier batch: the one with the largest number.
     */
    @Nullable List<Reply> replies;

    long answeredId;

    Asked(List<Pending> reads, byte[] invocations, String leader, long now) {
      this.firstAskedNanos = now;
      this.reads = reads;
      this.invocations = invocations;
      this.leader = leader;
    }

    List<Pending> waiting() {
      return reads.subList(givenUp, reads.size());
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

  // Invariant: the numbers of the last askings increase.
  private final ArrayDeque<Asked> underWay = new ArrayDeque<>();

  // By number, all askings an answer to which may still be taken.
  // Invariant: of batches under way, and with the last asking of each.
  private final TreeMap<Long, Asked> askings = new TreeMap<>();

  private long nextReadId;

  /** Of what is under way. */
  private final Repetitions repetitions;

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
    this.repetitions = new Repetitions(loop, tuning);
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
    if (underWay.isEmpty()) {
      repetitions.beginAnew();
    }
    Asked asked = new Asked(reads, InvocationCodec.encode(invocations), leader, loop.nanoTime());
    underWay.add(asked);
    tell(asked);
  }

  /** Asks, or asks again, under the next number. */
  private void tell(Asked asked) {
    asked.readId = nextReadId++;
    asked.askedNanos = loop.nanoTime();
    askings.put(asked.readId, asked);
    // "My term is T", said now, after the last of these reads arrived (DESIGN 6).
    int claimedTerm = 0;
    int generation = 0;
    ShardGroup local = groups.get(shard);
    if (local != null && !asked.leader.equals(self)) {
      Replica replica = local.replica();
      claimedTerm = replica.term();
      generation = replica.self().generation();
    }
    post.tell(
        asked.leader,
        new PeerMessage.Read(shard, asked.readId, claimedTerm, generation, asked.invocations));
  }

  /** Takes replies; perhaps not to all that was asked: the rest is asked again. */
  public void onAnswer(String from, PeerMessage.ReadAnswer answer) {
    Asked answered = askings.get(answer.readId());
    if (answered == null) {
      return;
    }
    leaders.confirmed(shard, from);
    lastAnswerNanos = patience.nanoTime();
    if (answered.replies != null && answered.answeredId > answer.readId()) {
      return;
    }
    answered.replies = ReplyCodec.decode(answer.replies());
    answered.answeredId = answer.readId();
    while (!underWay.isEmpty()) {
      Asked first = underWay.element();
      List<Reply> replies = first.replies;
      if (replies == null) {
        return;
      }
      take(first, replies);
    }
  }

  private void take(Asked first, List<Reply> replies) {
    underWay.remove();
    forget(first);
    repetitions.answered();
    lastWasCut = replies.size() < first.reads.size();
    if (lastWasCut) {
      askAgain(List.copyOf(underWay));
      queue.putBack(
          first.reads.subList(Math.max(replies.size(), first.givenUp), first.reads.size()));
    }
    // What was asked before the answer's question would be older than the answer.
    askings.headMap(first.answeredId).clear();
    for (Asked later : underWay) {
      assert later.readId > first.answeredId : later.readId + " after " + first.answeredId;
      if (later.answeredId < first.answeredId) {
        later.replies = null;
      }
    }
    for (int i = first.givenUp; i < replies.size(); i++) {
      first.reads.get(i).finish(replies.get(i));
    }
  }

  /** No answer to these is taken any more; they have just left what is under way. */
  private void forget(Asked batch) {
    if (askings.size() > underWay.size() + 1) {
      askings.values().removeIf(asked -> asked == batch);
    } else {
      askings.remove(batch.readId);
    }
  }

  /** These reads were not executed. */
  public void onRefused(String from, PeerMessage.ReadRefused refused) {
    Asked batch = askings.get(refused.readId());
    if (batch == null || batch.readId != refused.readId()) {
      return; // Unknown, or asked again since: that is under way.
    }
    leaders.corrected(shard, from, refused.leaderHint());
    restUntilNanos = loop.nanoTime() + BACK_OFF_NANOS;
    askAgain(underWay.stream().filter(asked -> asked.readId >= refused.readId()).toList());
  }

  /** Puts the last of what is under way back into the queue, in order, for whoever leads then. */
  private void askAgain(List<Asked> last) {
    for (int i = last.size() - 1; i >= 0; i--) {
      Asked removed = underWay.removeLast();
      assert removed == last.get(i);
      forget(removed);
      queue.putBack(removed.waiting());
    }
  }

  /** The link with that node changed: it may not have heard what was asked there. */
  void linkChanged(String nodeId) {
    if (underWay.stream().anyMatch(asked -> asked.leader.equals(nodeId))) {
      leaderChanged();
    }
  }

  /** The shard's leader changed, or its link: what is under way is asked again. */
  public void leaderChanged() {
    askAgain(List.copyOf(underWay));
  }

  /** Every few milliseconds while not idle: ends patience, and repeats what stays unanswered. */
  public void patrol() {
    endPatience();
    Asked first = underWay.peek();
    if (first != null) {
      long waited = repetitions.waited(first.askedNanos);
      if (repetitions.mayGoElsewhere(waited) && !leadsAll(leaders.leaderOf(shard))) {
        leaderChanged();
      } else if (repetitions.takeTurn(waited)) {
        underWay.forEach(this::tell);
      }
    }
    queue.endPatience(patience, lastAnswerNanos, leaders);
  }

  /** Whether all that is under way was asked of this node. */
  private boolean leadsAll(@Nullable String leader) {
    return underWay.stream().allMatch(asked -> asked.leader.equals(leader));
  }

  /** Fails those under way whose clients have waited long enough, also since they first left. */
  private void endPatience() {
    long latest = loop.nanoTime() - TimeUnit.MILLISECONDS.toNanos(tuning.resendMillis());
    for (Iterator<Asked> i = underWay.iterator(); i.hasNext(); ) {
      Asked batch = i.next();
      while (batch.givenUp < batch.reads.size()) {
        Pending next = batch.reads.get(batch.givenUp);
        if (batch.firstAskedNanos > latest
            || !patience.isOver(next.deadlineNanos(), lastAnswerNanos)) {
          return;
        }
        batch.givenUp++;
        next.turnAway(RoutingErrors.noLeader(shard, next.invocation(), leaders.whyNone()));
      }
      i.remove();
      forget(batch);
    }
  }
}
