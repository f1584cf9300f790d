package io.shardwell.raftgroup.reads;

import io.microraft.RaftEndpoint;
import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.Post;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.raftgroup.replica.ProposalListener;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import io.shardwell.raftgroup.wire.MalformedFrameException;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.InvocationCodec;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.MalformedBytesException;
import io.shardwell.statemachine.Proposal;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.ReplyCodec;
import io.shardwell.statemachine.ShardState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Linearizable reads without a log entry (Raft thesis 6.4, DESIGN 6), for all shards that this node
 * leads.
 *
 * <p>A read may be served by a leader that has applied an entry of its own term, once a majority of
 * the voters has said, <em>after the read arrived</em>, that its term is still the leader's. One
 * message per peer asks for all shards; a round serves only reads that arrived before it was sent
 * (MICRORAFT B2). A voter that forwards reads may say so for itself in the same message: with up to
 * three voters that is already a majority, and no round is needed.
 *
 * <p>Reads never change the state. Loop thread only.
 */
public final class ReadIndex {

  /**
   * Replies to one asker's reads of a shard beyond this many bytes are not given before the next
   * call of {@link #startRound}: it asks again for the rest.
   */
  public static final int MAX_ANSWER_BYTES = 4 << 20;

  /** Likewise for what reads go through without answering with it, as BITCOUNT does. */
  static final int MAX_ANSWER_WALKED_BYTES = 64 << 20;

  /** What one asker's reads of a shard have taken between two calls of startRound. */
  private static final class Share {
    long bytes;
    long walked;

    boolean isUsedUp() {
      return bytes > MAX_ANSWER_BYTES || walked > MAX_ANSWER_WALKED_BYTES;
    }
  }

  /**
   * For a single voter that stands aside: the key is past its deadline, but no tick can say so in
   * the log. To answer that it is there would be stale; that it is gone, could be taken back by a
   * restart. Reads of other keys go on.
   */
  private static final Reply DEADLINE_UNRECORDED =
      new Reply.Failure(
          "CLUSTERDOWN Disk below min-free-bytes: a key's deadline has passed and cannot be"
              + " recorded");

  private record Waiting(
      String origin, long readId, long arrivedNanos, List<Invocation> invocations) {}

  /** One shard's part of a round. */
  private record Question(
      ShardGroup group, int term, List<Waiting> reads, Set<RaftEndpoint> confirmed) {}

  private record Round(long sentNanos, Map<Integer, Question> open) {}

  private final EventLoop loop;
  private final Post post;
  private final Tuning tuning;
  private final Map<Integer, ShardGroup> groups;

  // Reads of established leaders that wait for the next round, and of leaders about to be
  // established.
  private final Map<Integer, List<Waiting>> waiting = new TreeMap<>();

  /** Confirmed reads that arrived while a tick is under way; by shard, only while there is one. */
  private final Map<Integer, List<Waiting>> behindTick = new TreeMap<>();

  private final LinkedHashMap<Long, Round> rounds = new LinkedHashMap<>();
  private long nextRound;

  /** By shard and asker. */
  private final Map<Integer, Map<String, Share>> shares = new HashMap<>();

  /**
   * @param firstRound no other life of this node begins near it: a voter's answer to a former
   *     life's round must confirm none of this one's
   */
  public ReadIndex(
      EventLoop loop, Post post, Tuning tuning, Map<Integer, ShardGroup> groups, long firstRound) {
    this.loop = loop;
    this.post = post;
    this.tuning = tuning;
    this.groups = groups;
    this.nextRound = firstRound;
  }

  /**
   * Takes reads for a shard that the sender believes to be led here.
   *
   * @throws MalformedFrameException if these are no reads
   */
  public void onRead(String origin, long originIncarnation, PeerMessage.Read read) {
    ShardGroup group = groups.get(read.shard());
    if (group == null || !group.replica().isLeader()) {
      refuse(origin, read.shard(), read.readId());
      return;
    }
    Waiting reads = new Waiting(origin, read.readId(), loop.nanoTime(), decode(read));
    Replica replica = group.replica();
    if (replica.isEstablishedLeader() && read.claimedTerm() == replica.term()) {
      Set<RaftEndpoint> claimed =
          Set.of(new ReplicaEndpoint(origin, originIncarnation, read.generation()));
      if (!claimed.contains(replica.self()) && isMajority(replica, claimed)) {
        // Said after all that this node has asked before, too; its reads keep their order.
        List<Waiting> all = takeOf(origin, read.shard());
        all.add(reads);
        serve(group, all);
        return;
      }
    }
    waiting.computeIfAbsent(read.shard(), unused -> new ArrayList<>()).add(reads);
  }

  private static List<Invocation> decode(PeerMessage.Read read) {
    try {
      return InvocationCodec.decode(read.invocations());
    } catch (MalformedBytesException e) {
      throw new MalformedFrameException("cannot decode the reads of a frame", e);
    }
  }

  /** Takes what the node has asked so far out of the rounds and the waiting room, in order. */
  private List<Waiting> takeOf(String origin, int shard) {
    List<Waiting> taken = new ArrayList<>();
    for (Round round : rounds.values()) {
      Question question = round.open.get(shard);
      if (question != null) {
        take(origin, question.reads, taken);
      }
    }
    List<Waiting> room = waiting.get(shard);
    if (room != null) {
      take(origin, room, taken);
    }
    return taken;
  }

  private static void take(String origin, List<Waiting> from, List<Waiting> taken) {
    for (Iterator<Waiting> i = from.iterator(); i.hasNext(); ) {
      Waiting read = i.next();
      if (read.origin.equals(origin)) {
        i.remove();
        taken.add(read);
      }
    }
  }

  /**
   * At the end of a turn: asks for all reads that have gathered. Returns whether it did anything.
   */
  public boolean startRound() {
    shares.clear();
    if (waiting.isEmpty()) {
      return false;
    }
    boolean progress = false;
    Map<Integer, Question> open = new TreeMap<>();
    Map<String, List<PeerMessage.GroupTerm>> questions = new TreeMap<>();
    for (Integer shard : List.copyOf(waiting.keySet())) {
      ShardGroup group = group(shard);
      Replica replica = group.replica();
      if (!replica.isLeader()) {
        refuseAll(group, takeWaiting(shard));
        progress = true;
      } else if (replica.isEstablishedLeader()) {
        List<Waiting> reads = takeWaiting(shard);
        progress = true;
        if (isMajority(replica, Set.of())) {
          serve(group, reads);
          continue;
        }
        open.put(shard, new Question(group, replica.term(), reads, new HashSet<>()));
        for (RaftEndpoint voter : replica.voters()) {
          if (!voter.equals(replica.self())) {
            questions
                .computeIfAbsent(((ReplicaEndpoint) voter).nodeId(), unused -> new ArrayList<>())
                .add(new PeerMessage.GroupTerm(shard, replica.term()));
          }
        }
      }
    }
    if (!open.isEmpty()) {
      long id = nextRound++;
      rounds.put(id, new Round(loop.nanoTime(), open));
      questions.forEach((nodeId, terms) -> post.tell(nodeId, new PeerMessage.ReadIndex(id, terms)));
    }
    return progress;
  }

  private List<Waiting> takeWaiting(Integer shard) {
    List<Waiting> reads = waiting.remove(shard);
    return reads == null ? new ArrayList<>() : reads;
  }

  /** Answers another leader's round: which of its terms are still ours? */
  public void onQuestion(String asker, PeerMessage.ReadIndex question) {
    List<PeerMessage.GroupGeneration> confirmed = new ArrayList<>(question.terms().size());
    for (PeerMessage.GroupTerm asked : question.terms()) {
      ShardGroup group = groups.get(asked.shard());
      if (group != null && group.replica().term() == asked.term()) {
        confirmed.add(
            new PeerMessage.GroupGeneration(asked.shard(), group.replica().self().generation()));
      }
    }
    post.tell(asker, new PeerMessage.ReadIndexAnswer(question.round(), confirmed));
  }

  /** Takes the answer of a voter. */
  public void onAnswer(String voter, long voterIncarnation, PeerMessage.ReadIndexAnswer answer) {
    Round round = rounds.get(answer.round());
    if (round == null) {
      return;
    }
    for (PeerMessage.GroupGeneration confirmed : answer.confirmed()) {
      Question question = round.open.get(confirmed.shard());
      if (question == null) {
        continue;
      }
      question.confirmed.add(new ReplicaEndpoint(voter, voterIncarnation, confirmed.generation()));
      Replica replica = question.group.replica();
      if (isMajority(replica, question.confirmed)) {
        close(answer.round(), confirmed.shard());
      }
    }
  }

  /**
   * A majority has confirmed the shard's term in this round, and so, later than was asked for, in
   * all earlier ones: their reads go first.
   */
  private void close(long lastRound, int shard) {
    ShardGroup group = group(shard);
    Replica replica = group.replica();
    List<Waiting> confirmed = new ArrayList<>();
    for (Iterator<Map.Entry<Long, Round>> i = rounds.entrySet().iterator(); i.hasNext(); ) {
      Map.Entry<Long, Round> next = i.next();
      if (next.getKey() > lastRound) {
        break;
      }
      Round round = next.getValue();
      Question question = round.open.remove(shard);
      if (round.open.isEmpty()) {
        i.remove();
      }
      if (question == null) {
        continue;
      }
      if (replica.isEstablishedLeader() && replica.term() == question.term) {
        confirmed.addAll(question.reads);
      } else {
        refuseAll(group, question.reads);
      }
    }
    if (!confirmed.isEmpty()) {
      serve(group, confirmed);
    }
  }

  /**
   * Gives up rounds that no majority answers: a leader that is cut off must not keep readers
   * waiting (MICRORAFT B7). And reads that wait for a leader to commit: one that is elected by a
   * voter that must fetch a snapshot first cannot for minutes, and whoever asked has asked again
   * long since.
   */
  public void patrol() {
    long oldest = loop.nanoTime() - TimeUnit.MILLISECONDS.toNanos(tuning.heartbeatTimeoutMillis());
    for (Integer shard : List.copyOf(waiting.keySet())) {
      List<Waiting> left = Objects.requireNonNull(waiting.get(shard));
      refuseLate(shard, left, oldest);
      if (left.isEmpty()) {
        waiting.remove(shard);
      }
    }
    behindTick.forEach((shard, reads) -> refuseLate(shard, reads, oldest));
    for (Long id : List.copyOf(rounds.keySet())) {
      Round round = rounds.get(id);
      if (round == null || round.sentNanos > oldest) {
        return; // In order of sending.
      }
      rounds.remove(id);
      round.open.values().forEach(question -> refuseAll(question.group, question.reads));
    }
  }

  /**
   * Refuses those that arrived so long ago. Behind a tick reads of different nodes are in no order.
   */
  private void refuseLate(int shard, List<Waiting> reads, long oldest) {
    for (Iterator<Waiting> i = reads.iterator(); i.hasNext(); ) {
      Waiting read = i.next();
      if (read.arrivedNanos <= oldest) {
        i.remove();
        refuse(read.origin, shard, read.readId);
      }
    }
  }

  /** Whether anything waits. */
  public boolean isIdle() {
    return waiting.isEmpty() && rounds.isEmpty();
  }

  /** The leader counts itself only if it votes; learners do not count. */
  private static boolean isMajority(Replica replica, Set<RaftEndpoint> confirmed) {
    Collection<RaftEndpoint> voters = replica.voters();
    int count = 0;
    for (RaftEndpoint voter : voters) {
      if (voter.equals(replica.self()) || confirmed.contains(voter)) {
        count++;
      }
    }
    return count > voters.size() / 2;
  }

  private void refuseAll(ShardGroup group, List<Waiting> reads) {
    for (Waiting read : reads) {
      refuse(read.origin, group.shard(), read.readId);
    }
  }

  private void refuse(String origin, int shard, long readId) {
    ShardGroup group = groups.get(shard);
    String hint = group == null ? null : group.replica().leaderNodeId();
    post.tell(origin, new PeerMessage.ReadRefused(shard, readId, hint == null ? "" : hint));
  }

  private ShardGroup group(int shard) {
    return Objects.requireNonNull(groups.get(shard));
  }

  /**
   * The round is over: the state now holds all that was acknowledged before these reads arrived. If
   * a key is past its deadline by the stamp but not by log time, a tick goes first, once (DESIGN
   * 7).
   */
  private void serve(ShardGroup group, List<Waiting> reads) {
    List<Waiting> behind = behindTick.get(group.shard());
    if (behind != null) {
      behind.addAll(reads);
      return;
    }
    long stamp = group.state().stampMillis();
    if (group.replica().standsAside() || !needsTick(group, reads, stamp)) {
      answer(group, reads);
      return;
    }
    behindTick.put(group.shard(), new ArrayList<>());
    group
        .replica()
        .propose(
            Proposal.tick(stamp),
            new ProposalListener() {
              @Override
              public void applied(long index, Object result) {
                tickDone(group, reads);
              }

              @Override
              public void notApplied() {
                if (group.replica().isEstablishedLeader()) {
                  tickDone(group, reads); // Turned away: log time answers.
                } else {
                  List<Waiting> behind = behindTick.remove(group.shard());
                  refuseAll(group, reads);
                  refuseAll(group, behind == null ? List.of() : behind);
                }
              }
            });
  }

  private void tickDone(ShardGroup group, List<Waiting> reads) {
    List<Waiting> behind = behindTick.remove(group.shard());
    answer(group, reads);
    if (behind != null && !behind.isEmpty()) {
      serve(group, behind);
    }
  }

  private static boolean needsTick(ShardGroup group, List<Waiting> reads, long stamp) {
    for (Waiting read : reads) {
      for (Invocation invocation : read.invocations) {
        if (group.state().shard().needsTick(invocation, stamp)) {
          return true;
        }
      }
    }
    return false;
  }

  private void answer(ShardGroup group, List<Waiting> reads) {
    long stamp = Math.max(group.state().stampMillis(), group.state().shard().logTimeMillis());
    boolean cannotTick = group.replica().standsAside();
    Map<String, Share> ofShard = shares.computeIfAbsent(group.shard(), unused -> new HashMap<>());
    for (Waiting read : reads) {
      Share share = ofShard.computeIfAbsent(read.origin, unused -> new Share());
      List<Reply> replies = new ArrayList<>(read.invocations.size());
      for (Invocation invocation : read.invocations) {
        if (share.isUsedUp()) {
          break; // Perhaps before the first: then the answer says that it is to be asked again.
        }
        share.walked += group.state().shard().walkedBytes(invocation);
        Reply reply =
            cannotTick && group.state().shard().needsTick(invocation, stamp)
                ? DEADLINE_UNRECORDED
                : group.state().shard().read(invocation, stamp);
        share.walked += group.state().shard().takeComparedLetters();
        long size = size(reply);
        if (size > Limits.MAX_REPLY_BYTES) {
          reply = ShardState.REPLY_TOO_LARGE;
        }
        share.bytes += size;
        replies.add(reply);
        group.state().recordUse(invocation);
        group.state().shard().recordLookups(invocation, reply);
      }
      PeerMessage.ReadAnswer answer =
          new PeerMessage.ReadAnswer(group.shard(), read.readId, ReplyCodec.encode(replies));
      group
          .replica()
          .whenDurable(
              read.origin, group.replica().appliedIndex(), () -> post.tell(read.origin, answer));
      if (group.state().isFullOfUses()) {
        group.replica().propose(group.state().takeUses(), ProposalListener.INDIFFERENT);
      }
    }
  }

  private static long size(@Nullable Reply reply) {
    if (reply instanceof Reply.Bulk bulk) {
      return bulk.value().length + 8L;
    }
    if (reply instanceof Reply.Array array) {
      long sum = 8;
      for (Reply item : array.items()) {
        sum += size(item);
      }
      return sum;
    }
    return 8;
  }
}
