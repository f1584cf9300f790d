package io.shardwell.raftgroup.replica;

import io.microraft.model.message.PreVoteRequest;
import io.shardwell.raftgroup.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * When this replica's requests for pre-votes leave: MicroRaft makes them all at once, at its start
 * and when the leader is lost. At the first start only the preferred leader asks; once the leader
 * is gone or silent the survivors take turns ({@link Succession}).
 *
 * <p>Who has voted for another waits to see it lead. MicroRaft does not: granting a vote leaves its
 * voter without a leader, so its next heartbeat's look, which may come in the same millisecond,
 * asks for the term after. The others grant that too, and the one who is just being elected is
 * deposed by its own voter, while all others have heard of it and refuse everybody for a heartbeat
 * timeout.
 *
 * <p>Who refuses a pre-vote because its own log is longer, and has had its turns, asks in return:
 * the asker has lost the leader too, and would grant it. Otherwise the one asks in vain until the
 * other's election timeout is over. Loop thread only.
 */
final class Candidacy {

  /** A vote's way to the candidate, and its first request's way back. */
  private static final long VOTED_NANOS = TimeUnit.MILLISECONDS.toNanos(120);

  /** The voter's vote, and what the candidate's other voters may be behind with. */
  private static final int SYNCS_AFTER_A_VOTE = 2;

  private final LoopContext context;
  private final int group;
  private final GroupView view;

  /** Set while MicroRaft starts: whether its first pre-vote is to be kept back. */
  private boolean keptBack;

  /** The leader is gone or silent, and the survivors take turns; null if not, or no longer. */
  private @Nullable Succession succession;

  // Once for each leader that is lost: whoever can send and not receive would otherwise have those
  // behind it in the line stand back for ever.
  private boolean hadSuccession;

  /** Empty before the first one is known. */
  private String lastLeaderNodeId = "";

  /** In loop time: until then the one that this replica has voted for may still come to lead. */
  private long votedUntilNanos = Long.MIN_VALUE;

  /** MicroRaft's last request; null if it wants none any more. */
  private @Nullable PreVoteRequest wanted;

  /** Each sends {@link #wanted} to one of the other voters. */
  private final List<Runnable> sends = new ArrayList<>();

  /** Whether {@link #wanted} is going to be sent in return for another's. */
  private boolean asksInReturn;

  Candidacy(LoopContext context, int group, GroupView view) {
    this.context = context;
    this.group = group;
    this.view = view;
  }

  /** Whether requests are lost on the way from now on. */
  void keepBack(boolean now) {
    keptBack = now;
  }

  /** Somebody leads. */
  void leaderKnown(String nodeId) {
    succession = null;
    hadSuccession = false;
    lastLeaderNodeId = nodeId;
    votedUntilNanos = Long.MIN_VALUE;
    forgetRequest();
  }

  /** The leader's process is known to be gone. */
  void leaderIsGone(String nodeId) {
    Succession unused = succeed(nodeId);
  }

  private Succession succeed(String goneNodeId) {
    hadSuccession = true;
    Succession begun = line(goneNodeId);
    succession = begun;
    return begun;
  }

  private Succession line(String goneNodeId) {
    return Succession.of(group, goneNodeId, view.self(), view.voters(), now(), context.tuning());
  }

  private long now() {
    return context.loop().nanoTime();
  }

  /** This replica must not act: no turn of it comes any more. */
  void withdraw() {
    succession = null; // Its turns are timers of our own.
    forgetRequest();
  }

  private void forgetRequest() {
    wanted = null;
    sends.clear();
  }

  /** This replica grants its pre-vote to another. */
  void granted(String nodeId) {
    Succession current = succession;
    if (current != null) {
      current.granted(nodeId, now());
    }
  }

  /** This replica gives its vote to another. */
  void voted() {
    // As long as an election may take at most: a disk that was slower than that elects nobody.
    long syncs =
        Math.min(
            SYNCS_AFTER_A_VOTE * context.slowestSyncMillis().getAsLong(),
            context.tuning().electionTimeoutMillis());
    votedUntilNanos = now() + VOTED_NANOS + TimeUnit.MILLISECONDS.toNanos(syncs);
  }

  /** For how long this replica has still to wait for the one that it has voted for. */
  private long nanosAfterVote() {
    long now = now();
    return now < votedUntilNanos ? votedUntilNanos - now : 0;
  }

  /** This replica refuses its pre-vote to one whose log is shorter. */
  void refusedShorterLog() {
    PreVoteRequest request = wanted;
    if (request == null || succession != null || asksInReturn) {
      return; // Nobody may ask, or a turn comes anyway.
    }
    asksInReturn = true;
    long wait = line(lastLeaderNodeId).nanosToNextAsking(now(), false);
    later(
        Math.max(wait, nanosAfterVote()),
        () -> {
          asksInReturn = false;
          if (isWanted(request)) {
            List.copyOf(sends).forEach(Runnable::run);
          }
        });
  }

  /** Whether a pre-vote granted to this replica is to be left unused. */
  boolean standsBack() {
    Succession current = succession;
    return current != null && current.standsBack(now());
  }

  /**
   * MicroRaft wants a pre-vote.
   *
   * @param send sends the request; called now, when it is this replica's turn, perhaps more than
   *     once, or never
   */
  void ask(PreVoteRequest request, Runnable send) {
    if (keptBack) {
      return;
    }
    if (request != wanted) {
      forgetRequest();
      wanted = request;
    }
    sends.add(send);
    long wait = nanosAfterVote();
    if (wait == 0) {
      askInTurn(request, send);
    } else {
      later(
          wait,
          () -> {
            if (isWanted(request)) {
              askInTurn(request, send);
            }
          });
    }
  }

  /** Whether it is MicroRaft's last one, and nobody has come to lead meanwhile. */
  private boolean isWanted(PreVoteRequest request) {
    // The request names the term after the one in which it was made.
    return request == wanted && view.lacksLeader() && view.term() + 1 == request.getTerm();
  }

  private void askInTurn(PreVoteRequest request, Runnable send) {
    Succession current = succession;
    if (current == null && !hadSuccession) {
      current = succeed(lastLeaderNodeId);
    }
    if (current == null) {
      send.run();
    } else {
      askInTurn(current, request, send, false);
    }
  }

  /** Asks for a pre-vote when it is this survivor's turn, and again while nobody leads. */
  private void askInTurn(Succession current, PreVoteRequest request, Runnable send, boolean asked) {
    long wait = current.nanosToNextAsking(now(), asked);
    if (wait == Succession.OVER) {
      succession = null;
      if (!asked) {
        send.run();
      }
      return;
    }
    later(
        wait,
        () -> {
          boolean stillWanted = succession == current && isWanted(request);
          if (stillWanted && current.standsBack(now())) {
            askInTurn(current, request, send, false);
          } else if (stillWanted) {
            send.run();
            askInTurn(current, request, send, true);
          }
        });
  }

  private void later(long nanos, Runnable task) {
    EventLoop.Timer unused = context.loop().schedule(task, nanos);
  }
}
