package io.shardwell.raftgroup.replica;

import io.microraft.RaftEndpoint;
import io.microraft.RaftNode;
import io.microraft.impl.RaftNodeImpl;
import io.microraft.impl.state.LeaderState;
import io.microraft.model.message.AppendEntriesFailureResponse;
import io.microraft.model.message.AppendEntriesRequest;
import io.microraft.model.message.AppendEntriesSuccessResponse;
import io.microraft.model.message.InstallSnapshotRequest;
import io.microraft.model.message.InstallSnapshotResponse;
import io.microraft.model.message.RaftMessage;
import io.microraft.model.message.VoteResponse;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Keeps a large frame from being taken for silence. The heartbeats of all groups stand in line
 * behind it, on one link: 16 MiB take 0.13 s at 1 Gbit/s, and several of them longer than the
 * heartbeat timeout. While the bytes of such a frame keep coming, a follower goes on believing in
 * its leader on that node, and a leader in its followers there. A leader does so, too, while a node
 * speaks to which it has not got rid of what is to be answered: of the two sides it would be the
 * first to give up, as no heartbeat of its own arrives.
 *
 * <p>That is all it means. MicroRaft's two marks of time that it moves, the last heartbeat and a
 * follower's last answer, decide when to ask for pre-votes, when to refuse them and when to step
 * down. No answer is made up: nothing is confirmed, acknowledged or read because of it.
 *
 * <p>A node that is alive need not hold a replica that still leads, or follows: one that was
 * deposed or stands still must be found out, whatever else its node sends. So a sign counts only
 * for a replica that has spoken itself, in this term and since the links were made, and not for
 * longer than {@link #MAX_TIMEOUTS}. Loop thread only.
 */
final class SignsOfLife {

  /**
   * For so many heartbeat timeouts after a replica's last word, at most. What a sender lets wait,
   * {@link io.shardwell.raftgroup.WireLimits#MAX_PENDING_BYTES_PER_PEER} and a frame, passes in
   * that time at a quarter of a gigabit a second.
   */
  static final int MAX_TIMEOUTS = 4;

  /** No request has this number, so that no re-sending is called off. */
  private static final long ANSWERS_NOTHING = -1;

  /** When, in loop time, a replica spoke last as leader or follower, and in which term. */
  private record Word(int term, long nanos) {}

  private final LoopContext context;
  private final RaftNodeImpl raft;
  private final ReplicaTime time;
  private final SilentVoters silence;
  private final Map<ReplicaEndpoint, Word> words = new HashMap<>();

  SignsOfLife(LoopContext context, RaftNode raft, ReplicaTime time, SilentVoters silence) {
    this.context = context;
    this.raft = (RaftNodeImpl) raft;
    this.time = time;
    this.silence = silence;
  }

  /** A replica of the group says something; call before it is handled. */
  void spoke(RaftMessage message) {
    if (message.getTerm() >= raft.state().term() && isWord(message)) {
      silence.heard(message.getSender());
      words.put(
          (ReplicaEndpoint) message.getSender(),
          new Word(message.getTerm(), context.loop().nanoTime()));
    }
  }

  /** Whether a leader says it to its followers, or one of those to it. */
  private static boolean isWord(RaftMessage message) {
    return message instanceof AppendEntriesRequest
        || (message instanceof InstallSnapshotRequest request && request.isSenderLeader())
        || message instanceof AppendEntriesSuccessResponse
        || message instanceof AppendEntriesFailureResponse
        || message instanceof InstallSnapshotResponse
        || (message instanceof VoteResponse response && response.isGranted());
  }

  /** Bytes of a frame keep coming from that node. */
  void seen(String nodeId, long incarnation) {
    LeaderState leading = raft.state().leaderState();
    RaftEndpoint leader = raft.state().leader();
    if (leading != null) {
      leading
          .getFollowerStates()
          .forEach(
              (follower, state) -> {
                if (counts((ReplicaEndpoint) follower, nodeId, incarnation)) {
                  boolean unused = state.responseReceived(ANSWERS_NOTHING, time.millis());
                  silence.heard(follower);
                }
              });
    } else if (leader != null && counts((ReplicaEndpoint) leader, nodeId, incarnation)) {
      raft.leaderHeartbeatReceived();
    }
  }

  private boolean counts(ReplicaEndpoint replica, String nodeId, long incarnation) {
    if (!replica.nodeId().equals(nodeId) || replica.incarnation() != incarnation) {
      return false;
    }
    Word last = words.get(replica);
    long most =
        TimeUnit.MILLISECONDS.toNanos(
            (long) MAX_TIMEOUTS * context.tuning().heartbeatTimeoutMillis());
    return last != null
        && last.term == raft.state().term()
        && context.loop().nanoTime() - last.nanos < most;
  }

  /** A link to or from the node broke: another process may be there. */
  void linkBroken(String nodeId) {
    words.keySet().removeIf(replica -> replica.nodeId().equals(nodeId));
  }
}
