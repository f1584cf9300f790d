package io.shardwell.raftgroup.replica;

import io.microraft.RaftConfig;
import io.microraft.RaftEndpoint;
import io.microraft.RaftNode;
import io.microraft.impl.RaftNodeImpl;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * A fault of MicroRaft's (MICRORAFT B7, B17): whether a leader is still heard is asked of {@code
 * RaftState.logReplicationQuorumSize}, of all followers ({@code
 * RaftNodeImpl.demoteToFollowerIfQuorumHeartbeatTimeoutElapsed}). That is half of four or six
 * voters, itself included, and a learner counts like a voter. So a leader that a majority of the
 * voters cannot answer stays in office on the word of the others, and whoever hears its heartbeats
 * grants nobody a pre-vote: the shard has no fresh reads, and where learners answer no writes
 * either, for as long as a wire is cut. With four voters a write ended it: what acknowledges that
 * waits in the {@link AcknowledgementGate}, where MicroRaft does not hear it.
 *
 * <p>Here a leader steps down if for a heartbeat timeout it has heard, with itself, no true
 * majority of the voters. With an odd number of voters and no learners MicroRaft asks for no less,
 * and does so earlier, so this changes nothing there.
 *
 * <p>A voter is heard when its answer <em>arrives</em>, in this leadership: what waits in the
 * {@link AcknowledgementGate} counts, or one voter's slow disk would make all others silent. So
 * does what is a sign of life ({@link SignsOfLife}).
 *
 * <p>Silence is counted in looks, one for each of MicroRaft's heartbeats. Of a pause of this
 * process a leader notices one look, however long it was: what its voters have answered lies in its
 * sockets, and is read before the next. At the beginning of a leadership, or of a voter's part in
 * it, nobody has been silent. Loop thread only.
 */
final class SilentVoters {

  private final RaftNodeImpl raft;
  private final GroupView view;
  private final int mostLooks;

  /** Looks since a voter was heard; none for who was heard since the last one. */
  private final Map<RaftEndpoint, Integer> silentLooks = new HashMap<>();

  /** Of the leadership in which those were counted. */
  private int term;

  SilentVoters(RaftNode raft, GroupView view) {
    this.raft = (RaftNodeImpl) raft;
    this.view = view;
    RaftConfig config = raft.getConfig();
    this.mostLooks =
        Math.toIntExact(
            config.getLeaderHeartbeatTimeoutSecs() / config.getLeaderHeartbeatPeriodSecs());
  }

  /** That member says something, or is about to. */
  void heard(RaftEndpoint member) {
    silentLooks.remove(member);
  }

  /** Call once for each of MicroRaft's heartbeats, after it. */
  void look() {
    if (!view.isLeader() || view.term() != term) {
      term = view.term();
      silentLooks.clear();
    }
    if (view.isLeader() && !hearsMajority()) {
      // The same term, as when MicroRaft finds it out.
      raft.toFollower(term);
    }
  }

  private boolean hearsMajority() {
    Collection<RaftEndpoint> voters = view.voters();
    int heard = 0;
    for (RaftEndpoint voter : voters) {
      boolean isHeard =
          voter.equals(view.self()) || silentLooks.merge(voter, 1, Integer::sum) <= mostLooks;
      heard += isHeard ? 1 : 0;
    }
    return heard > voters.size() / 2;
  }
}
