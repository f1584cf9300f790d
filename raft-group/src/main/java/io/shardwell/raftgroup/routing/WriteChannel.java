package io.shardwell.raftgroup.routing;

import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.Post;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.raftgroup.wire.BatchVerdict;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.BatchBuilder;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.Outcome;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.ReplyCodec;
import io.shardwell.statemachine.SessionKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * This node's session with one shard (DESIGN 5): writes gather while a batch is under way and leave
 * as the next one.
 *
 * <p>The shard applies batch n only after n-1 and remembers its answers until they are
 * acknowledged, so a batch may be sent again, to any leader, without becoming a second write. A
 * batch that stays unanswered for too long is given up: its clients read {@code -INDETERMINATE},
 * and its number is sent again <em>empty</em>. Whichever copy is applied first wins, so nothing
 * given up takes effect late.
 *
 * <p>Loop thread only.
 */
public final class WriteChannel {

  /** Where a session that begins anew gets its boot number. */
  public interface NewBoot {
    /**
     * Asks for a number that no life of the node has had.
     *
     * @param above a number that it must exceed
     * @param onDurable told on the loop, later or at once
     */
    void next(long above, LongConsumer onDurable);
  }

  /** Batches under way at most; one until the session's first is answered. */
  static final int WINDOW = 4;

  /** How long a batch that left late in its commands' patience is waited for at least. */
  private static final long MIN_ANSWER_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  /** Rest before a batch that was turned away goes out again. */
  private static final long BACK_OFF_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** Commands that answer with a whole value or go through many; so many in a batch at most. */
  private static final int MAX_DEAR_COMMANDS = 2;

  private static final Set<Command> DEAR =
      EnumSet.of(Command.GETSET, Command.GETDEL, Command.GETEX, Command.BITOP, Command.TRANSACTION);

  /** A batch under way. */
  private static final class Sent {
    final long sequence;

    /** In the time of {@link Patience}. */
    final long firstSentNanos;

    final List<Pending> commands;

    /**
     * Whether the commands, if any, have been told INDETERMINATE; the bytes are those of no command
     * then.
     */
    boolean givenUp;

    byte[] bytes;
    long lastSentNanos;

    Sent(long sequence, byte[] bytes, List<Pending> commands, Patience patience, long now) {
      this.sequence = sequence;
      this.bytes = bytes;
      this.commands = commands;
      this.firstSentNanos = patience.nanoTime();
      this.lastSentNanos = now;
    }
  }

  private final int shard;
  private final EventLoop loop;
  private final Post post;
  private final Patience patience;
  private final LeaderDirectory leaders;
  private final NewBoot newBoot;

  private final ShardQueue queue;
  private final BatchBuilder builder = new BatchBuilder();

  // Invariant: consecutive sequences, the last of them is nextSequence - 1.
  private final ArrayDeque<Sent> underWay = new ArrayDeque<>();

  /** By the time of patience. */
  private long lastAnswerNanos = Patience.NO_ANSWER;

  // Commands of an older boot; certain when the first batch of this boot is applied.
  // Invariant: empty while idle, so that this batch is under way or will be.
  private final List<Pending> undecided = new ArrayList<>();

  /** Null while a new boot number is being synced. */
  private @Nullable SessionKey session;

  private long nextSequence = 1;
  private boolean firstAnswered;

  /** Loop time at which all batches under way go out again; MAX_VALUE for not. */
  private long resendNanos = Long.MAX_VALUE;

  /** Of what is under way. */
  private final Repetitions repetitions;

  /** Whom it went to last. */
  private @Nullable String lastLeader;

  /**
   * @param session of this start of this node
   * @param newBoot asks for another boot number; it is synced when the consumer gets it
   */
  public WriteChannel(
      int shard,
      EventLoop loop,
      Post post,
      Tuning tuning,
      Patience patience,
      LeaderDirectory leaders,
      SessionKey session,
      NewBoot newBoot) {
    this.shard = shard;
    this.loop = loop;
    this.post = post;
    this.repetitions = new Repetitions(loop, tuning);
    this.patience = patience;
    this.leaders = leaders;
    this.session = session;
    this.newBoot = newBoot;
    this.queue = new ShardQueue(shard);
  }

  /** Queues a write; its reply comes on the loop, exactly once. */
  void submit(Pending write) {
    assert write.invocation().command().isWrite();
    queue.add(write);
  }

  /** Whether nothing is to be sent or waited for, not even a new boot number. */
  public boolean isIdle() {
    boolean idle = session != null && queue.isEmpty() && underWay.isEmpty();
    assert !idle || undecided.isEmpty() : undecided.size();
    return idle;
  }

  /** At the end of a turn: sends what may go. Returns whether anything went. */
  public boolean pump() {
    SessionKey key = session;
    if (key == null || (queue.isEmpty() && resendNanos == Long.MAX_VALUE)) {
      return false;
    }
    String leader = leaders.proposerOf(shard);
    if (leader == null) {
      return false;
    }
    boolean sent = false;
    if (resendNanos <= loop.nanoTime()) {
      resendNanos = Long.MAX_VALUE;
      for (Sent batch : underWay) {
        send(leader, key, batch);
        sent = true;
      }
    }
    if (resendNanos != Long.MAX_VALUE) {
      return sent; // What is under way goes first.
    }
    int window = firstAnswered ? WINDOW : 1;
    while (!queue.isEmpty() && underWay.size() < window) {
      Sent batch = nextBatch(key);
      underWay.add(batch);
      send(leader, key, batch);
      sent = true;
    }
    return sent;
  }

  private Sent nextBatch(SessionKey key) {
    List<Pending> commands = new ArrayList<>();
    int dear = 0;
    while (!queue.isEmpty() && commands.size() < Limits.MAX_BATCH_COMMANDS) {
      Invocation next = queue.first().invocation();
      boolean fits =
          builder.sizeBytes() + next.encodedBytes() <= Limits.MAX_BATCH_BYTES
              && (dear < MAX_DEAR_COMMANDS || !isDear(next));
      if (!fits && !commands.isEmpty()) {
        break;
      }
      dear += isDear(next) ? 1 : 0;
      builder.add(next);
      commands.add(queue.remove());
    }
    long sequence = nextSequence++;
    byte[] bytes = builder.build(key, sequence, acknowledged());
    return new Sent(sequence, bytes, commands, patience, loop.nanoTime());
  }

  private static boolean isDear(Invocation invocation) {
    return DEAR.contains(invocation.command()) || invocation.readsOldValue();
  }

  /** The number up to which all answers have been received. */
  private long acknowledged() {
    return underWay.isEmpty() ? nextSequence - 2 : underWay.element().sequence - 1;
  }

  private void send(String leader, SessionKey key, Sent batch) {
    batch.lastSentNanos = loop.nanoTime();
    lastLeader = leader;
    post.tell(leader, new PeerMessage.Batch(shard, key.boot(), batch.sequence, batch.bytes));
  }

  /** The link with that node changed: it may not have got what was sent there. */
  void linkChanged(String nodeId) {
    if (nodeId.equals(lastLeader)) {
      leaderChanged();
    }
  }

  /** The shard's leader changed, or its link: what is under way goes to whoever leads now. */
  public void leaderChanged() {
    repetitions.beginAnew();
    if (!underWay.isEmpty()) {
      resendNanos = loop.nanoTime();
    }
  }

  /** Takes the answer to a batch; late and repeated ones do no harm. */
  public void onAnswer(String from, PeerMessage.BatchAnswer answer) {
    SessionKey key = session;
    Sent batch = find(answer.sequence());
    if (key == null || answer.boot() != key.boot() || batch == null) {
      return;
    }
    if (answer.verdict() instanceof BatchVerdict.Refused refused) {
      leaders.corrected(shard, from, refused.leaderHint());
      repetitions.beginAnew();
      resendNanos = Math.min(resendNanos, loop.nanoTime() + BACK_OFF_NANOS);
      return;
    }
    leaders.confirmed(shard, from);
    Outcome outcome = ((BatchVerdict.Decided) answer.verdict()).outcome();
    if (outcome instanceof Outcome.Applied applied) {
      answered(batch, applied.replies());
    } else if (outcome instanceof Outcome.Repeated repeated) {
      answered(batch, repeated.replies());
    } else if (outcome instanceof Outcome.RepliesGone) {
      done(batch);
      if (!batch.givenUp) {
        batch.commands.forEach(command -> command.onReply().accept(RoutingErrors.REPLY_LOST));
      }
      batch.commands.forEach(command -> command.onDecided().decided(true));
    } else if (outcome instanceof Outcome.Gap) {
      resendNanos = Math.min(resendNanos, loop.nanoTime() + BACK_OFF_NANOS);
    } else {
      // The shard has forgotten this session, or another start of this node has taken it over.
      long above = outcome instanceof Outcome.BootSuperseded by ? by.currentBoot() : 0;
      renew(above, outcome instanceof Outcome.SessionRetired);
    }
  }

  private @Nullable Sent find(long sequence) {
    for (Sent batch : underWay) {
      if (batch.sequence == sequence) {
        return batch;
      }
    }
    return null;
  }

  private void answered(Sent batch, byte[] encodedReplies) {
    done(batch);
    lastAnswerNanos = patience.nanoTime();
    if (batch.givenUp) {
      batch.commands.forEach(command -> command.onDecided().decided(true));
      return;
    }
    List<Reply> replies = ReplyCodec.decode(encodedReplies);
    assert replies.size() == batch.commands.size()
        : replies.size() + " replies to " + batch.commands.size() + " commands";
    for (int i = 0; i < replies.size(); i++) {
      batch.commands.get(i).finish(replies.get(i));
    }
  }

  private void done(Sent batch) {
    // Batch n is applied after n-1 only: an answer to n without one to n-1 means that one was lost.
    boolean removed = underWay.remove(batch);
    assert removed;
    repetitions.answered();
    if (!firstAnswered) {
      firstAnswered = true;
      decideOlderBoots();
    }
    if (!underWay.isEmpty() && underWay.element().sequence < batch.sequence) {
      resendNanos = Math.min(resendNanos, loop.nanoTime() + BACK_OFF_NANOS);
    }
  }

  /** No batch of an older boot can be applied from here on. */
  private void decideOlderBoots() {
    List<Pending> superseded = List.copyOf(undecided);
    undecided.clear();
    superseded.forEach(command -> command.onDecided().decided(true));
  }

  /**
   * Begins anew under another boot number. Nobody knows what became of the batches under way, until
   * the first batch of the new boot is applied: an empty one, so that this waits for no command.
   *
   * @param above the boot number that has taken this session's place, 0 if none has
   * @param retired whether the shard will never again take anything from this life of the node: its
   *     batches are certain now, and there is nothing that an empty one could do
   */
  private void renew(long above, boolean retired) {
    List<Sent> lost = List.copyOf(underWay);
    underWay.clear();
    lost.forEach(batch -> undecided.addAll(batch.commands));
    resendNanos = Long.MAX_VALUE;
    repetitions.beginAnew();
    SessionKey old = session;
    session = null;
    assert old != null;
    newBoot.next(
        above,
        boot -> {
          session = new SessionKey(old.nodeId(), old.incarnation(), boot);
          nextSequence = 1;
          firstAnswered = false;
          if (!retired) {
            sendEmptyFirst(session);
          }
        });
    for (Sent batch : lost) {
      if (!batch.givenUp) {
        batch.commands.forEach(command -> command.onReply().accept(RoutingErrors.INDETERMINATE));
      }
    }
    if (retired) {
      decideOlderBoots();
    }
  }

  private void sendEmptyFirst(SessionKey key) {
    long sequence = nextSequence++;
    byte[] bytes = BatchBuilder.empty(key, sequence, acknowledged());
    Sent empty = new Sent(sequence, bytes, List.of(), patience, loop.nanoTime());
    empty.givenUp = true; // It has no client whose patience could end.
    underWay.add(empty);
    resendNanos = loop.nanoTime();
  }

  /** Every few milliseconds while not idle: ends patience, and repeats what stays unanswered. */
  public void patrol() {
    queue.endPatience(patience, lastAnswerNanos, leaders);
    for (Sent batch : underWay) {
      if (!batch.givenUp && isOverdue(batch)) {
        giveUp(batch);
      }
    }
    // None waits longer than the first.
    if (!underWay.isEmpty() && resendNanos == Long.MAX_VALUE) {
      long waited = repetitions.waited(underWay.element().lastSentNanos);
      if (repetitions.mayGoElsewhere(waited)
          && !Objects.equals(lastLeader, leaders.proposerOf(shard))) {
        leaderChanged();
      } else if (repetitions.takeTurn(waited)) {
        resendNanos = loop.nanoTime();
      }
    }
  }

  private boolean isOverdue(Sent batch) {
    long deadline =
        Math.max(batch.commands.get(0).deadlineNanos(), batch.firstSentNanos + MIN_ANSWER_NANOS);
    return patience.isOver(deadline, lastAnswerNanos);
  }

  private void giveUp(Sent batch) {
    SessionKey key = session;
    assert key != null : "batches are under way only within a session";
    batch.givenUp = true;
    repetitions.beginAnew(); // The copy is small now.
    batch.bytes = BatchBuilder.empty(key, batch.sequence, acknowledged());
    batch.commands.forEach(command -> command.onReply().accept(RoutingErrors.INDETERMINATE));
  }
}
