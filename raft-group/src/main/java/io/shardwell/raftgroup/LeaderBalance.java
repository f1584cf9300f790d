package io.shardwell.raftgroup;

import io.microraft.RaftEndpoint;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Hands leaderships over: to the preferred replica, so that leaders return to an even spread after
 * a failure; to a node with a better clock; at a graceful stop to anybody. A replica gets a
 * leadership only if it is reached and has nearly everything, because writes wait meanwhile. Loop
 * thread only.
 */
final class LeaderBalance {

  /** Handed over at once at most, so that a returning node is not flooded. */
  private static final int MAX_AT_ONCE = 4;

  /**
   * Nobody gives a leadership away so soon after it came: perhaps from the preferred node itself,
   * which is stopping and would not take it back before it has gone.
   */
  private static final long IN_OFFICE_NANOS = TimeUnit.SECONDS.toNanos(3);

  /** Entries that the new leader may lack. */
  private static final long MAX_LAG_ENTRIES = 64;

  private final List<List<String>> preferred;
  private final NodeClocks clocks;
  private final Predicate<ReplicaEndpoint> reaches;
  private final Predicate<String> isSettled;

  /**
   * @param isSettled whether a node has been reached for a while: one that has just started is
   *     slow, and writes wait for it to take over
   */
  LeaderBalance(
      List<List<String>> preferred,
      NodeClocks clocks,
      Predicate<ReplicaEndpoint> reaches,
      Predicate<String> isSettled) {
    this.preferred = preferred;
    this.clocks = clocks;
    this.reaches = reaches;
    this.isSettled = isSettled;
  }

  /** Once in a while. */
  void balance(Collection<Replica> shardReplicas) {
    int handed = 0;
    for (Replica replica : shardReplicas) {
      if (handed == MAX_AT_ONCE) {
        return;
      }
      if (!replica.isEstablishedSince(IN_OFFICE_NANOS)) {
        continue;
      }
      String heir =
          heir(replica.self().nodeId(), preferred.get(replica.group()).get(0), clocks, isSettled);
      ReplicaEndpoint to = heir == null ? null : member(replica, heir);
      if (to != null && isCloseBehind(replica, to)) {
        replica.transferLeadership(List.of(to), closeBehind(replica));
        handed++;
      }
    }
  }

  /**
   * The node that should lead in our place, or null if none should now: one with a better clock if
   * ours is too far ahead, else the preferred one, unless its clock is. It would hand over again.
   */
  static @Nullable String heir(
      String self, String preferred, NodeClocks clocks, Predicate<String> isSettled) {
    String betterClock = clocks.isAhead() ? clocks.nearerToMedian(isSettled) : null;
    String wanted = betterClock != null ? betterClock : preferred;
    boolean stays = wanted.equals(self) || clocks.isAhead(wanted);
    return stays || !isSettled.test(wanted) ? null : wanted;
  }

  /** The node stops: hands over what it leads. Returns whether it leads anything still. */
  boolean resign(Collection<Replica> replicas) {
    boolean leads = false;
    for (Replica replica : replicas) {
      if (!replica.isLeader() || replica.voters().size() < 2) {
        continue;
      }
      leads = true;
      List<ReplicaEndpoint> heirs = closeBehind(replica);
      if (!heirs.isEmpty()) {
        replica.transferLeadership(heirs, heirs);
      }
    }
    return leads;
  }

  /** Whether some group that this node leads has another voter who might take over. */
  boolean hasHeirs(Collection<Replica> replicas) {
    for (Replica replica : replicas) {
      for (RaftEndpoint voter : replica.isLeader() ? replica.voters() : List.<RaftEndpoint>of()) {
        if (!voter.equals(replica.self()) && reaches.test((ReplicaEndpoint) voter)) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Whether some group that could have a leader knows none: its election needs this node, whose
   * vote may be the only one to be had, because the others lack the last entry. If it left now they
   * would wait for an election timeout.
   */
  boolean isElectionUnderWay(Collection<Replica> replicas) {
    return replicas.stream()
        .anyMatch(
            replica ->
                replica.leaderNodeId() == null
                    && !replica.standsAside()
                    && reachesMajority(replica));
  }

  private boolean reachesMajority(Replica replica) {
    Collection<RaftEndpoint> voters = replica.voters();
    int reached = 0;
    for (RaftEndpoint voter : voters) {
      boolean isUp = voter.equals(replica.self()) || reaches.test((ReplicaEndpoint) voter);
      reached += isUp ? 1 : 0;
    }
    return reached > voters.size() / 2;
  }

  /** The node's voter that is reached: one before it may not have left the group yet. */
  private @Nullable ReplicaEndpoint member(Replica replica, String nodeId) {
    for (RaftEndpoint voter : replica.voters()) {
      ReplicaEndpoint member = (ReplicaEndpoint) voter;
      if (member.nodeId().equals(nodeId) && reaches.test(member)) {
        return member;
      }
    }
    return null;
  }

  /** The other voters that could take over. */
  private List<ReplicaEndpoint> closeBehind(Replica replica) {
    return replica.voters().stream()
        .map(ReplicaEndpoint.class::cast)
        .filter(voter -> !voter.equals(replica.self()) && isCloseBehind(replica, voter))
        .toList();
  }

  private boolean isCloseBehind(Replica replica, ReplicaEndpoint member) {
    return reaches.test(member)
        && replica.acknowledgedBy(member) + MAX_LAG_ENTRIES >= replica.lastIndex();
  }
}
