package io.shardwell.raftgroup.replica;

import io.microraft.model.message.PreVoteRequest;
import io.shardwell.raftgroup.EventLoop;
import org.jspecify.annotations.Nullable;

/**
 * When this replica's requests for pre-votes leave: MicroRaft makes them all at once, at its start
 * and when the leader is lost. At the first start only the preferred leader asks; once the leader
 * is gone or silent the survivors take turns ({@link Succession}). Loop thread only.
 */
final class Candidacy {

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
  }

  /** The leader's process is known to be gone. */
  void leaderIsGone(String nodeId) {
    Succession unused = succeed(nodeId);
  }

  private Succession succeed(String goneNodeId) {
    hadSuccession = true;
    long now = context.loop().nanoTime();
    Succession begun =
        Succession.of(group, goneNodeId, view.self(), view.voters(), now, context.tuning());
    succession = begun;
    return begun;
  }

  /** This replica must not act: no turn of it comes any more. */
  void withdraw() {
    succession = null; // Its turns are timers of our own.
  }

  /** This replica grants its pre-vote to another. */
  void granted(String nodeId) {
    Succession current = succession;
    if (current != null) {
      current.granted(nodeId, context.loop().nanoTime());
    }
  }

  /** Whether a pre-vote granted to this replica is to be left unused. */
  boolean standsBack() {
    Succession current = succession;
    return current != null && current.standsBack(context.loop().nanoTime());
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
    long wait = current.nanosToNextAsking(context.loop().nanoTime(), asked);
    if (wait == Succession.OVER) {
      succession = null;
      if (!asked) {
        send.run();
      }
      return;
    }
    EventLoop.Timer unused =
        context
            .loop()
            .schedule(
                () -> {
                  // The request names the term after the one in which it was made.
                  boolean stillWanted =
                      succession == current
                          && view.lacksLeader()
                          && view.term() + 1 == request.getTerm();
                  if (stillWanted && current.standsBack(context.loop().nanoTime())) {
                    askInTurn(current, request, send, false);
                  } else if (stillWanted) {
                    send.run();
                    askInTurn(current, request, send, true);
                  }
                },
                wait);
  }
}
