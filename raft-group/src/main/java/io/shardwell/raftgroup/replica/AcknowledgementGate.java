package io.shardwell.raftgroup.replica;

import io.microraft.RaftEndpoint;
import io.microraft.model.message.AppendEntriesSuccessResponse;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The gate of DESIGN 4: a leader handles an acknowledgement of index i only when its own log is
 * durable up to i.
 *
 * <p>MicroRaft's own count of the leader (FlushTask) takes what is in memory for durable (MICRORAFT
 * C). A quorum of two or more voters holds at least one follower, and followers are gated, so its
 * commit index never passes what is durable here: <em>commit index &lt;= durable at the leader,
 * always</em>, which {@link Replica} asserts when it applies.
 *
 * <p>With four or any larger even number of voters MicroRaft commits with half of them (B17); there
 * an index also waits for a true majority.
 *
 * <p>Loop thread only.
 */
final class AcknowledgementGate {

  private final GroupView view;
  private final LogPositions positions;
  private final LongSupplier commitIndex;
  private final ArrayDeque<AppendEntriesSuccessResponse> waiting = new ArrayDeque<>();

  // What each follower has acknowledged in the term below; for even groups.
  private final Map<RaftEndpoint, Long> acknowledged = new HashMap<>();
  private int term;

  AcknowledgementGate(GroupView view, LogPositions positions, LongSupplier commitIndex) {
    this.view = view;
    this.positions = positions;
    this.commitIndex = commitIndex;
  }

  /** Takes an acknowledgement; hands on what may be handled now. */
  void arrived(
      AppendEntriesSuccessResponse response, Consumer<AppendEntriesSuccessResponse> handle) {
    if (view.term() != term) {
      term = view.term();
      acknowledged.clear();
    }
    acknowledged.merge(response.getSender(), response.getLastLogIndex(), Math::max);
    if (passes(response.getLastLogIndex())) {
      handle.accept(response);
    } else {
      waiting.add(response);
    }
  }

  long acknowledgedBy(RaftEndpoint member) {
    return acknowledged.getOrDefault(member, 0L);
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Looks again at what waits: the log's durable end moved or another acknowledgement came. */
  void recheck(Consumer<AppendEntriesSuccessResponse> handle) {
    for (int i = waiting.size(); i > 0; i--) {
      AppendEntriesSuccessResponse response = waiting.poll();
      if (response == null) {
        return; // Handling one of them ended the leadership.
      }
      if (passes(response.getLastLogIndex())) {
        handle.accept(response);
      } else {
        waiting.add(response);
      }
    }
  }

  /** A follower's link broke or this replica leads no more: nothing of before counts. */
  void clear() {
    waiting.clear();
    acknowledged.clear();
  }

  /** The same for one node. */
  void drop(String nodeId) {
    for (Iterator<AppendEntriesSuccessResponse> i = waiting.iterator(); i.hasNext(); ) {
      if (((ReplicaEndpoint) i.next().getSender()).nodeId().equals(nodeId)) {
        i.remove();
      }
    }
  }

  private boolean passes(long index) {
    if (index <= commitIndex.getAsLong()) {
      return true;
    }
    if (!positions.isDurable(index)) {
      return false;
    }
    Collection<RaftEndpoint> voting = view.voters();
    int voters = voting.size();
    if (voters < 4 || voters % 2 != 0) {
      return true;
    }
    int holders = 0;
    for (RaftEndpoint voter : voting) {
      boolean holds = voter.equals(view.self()) || acknowledged.getOrDefault(voter, 0L) >= index;
      holders += holds ? 1 : 0;
    }
    return holders >= voters / 2 + 1;
  }
}
