package io.shardwell.raftgroup;

import io.shardwell.raftgroup.cluster.FirstStart;
import io.shardwell.raftgroup.cluster.MetaState;
import io.shardwell.raftgroup.replica.Replica;

/** Whether this node serves commands, and if not, why not. Loop thread only. */
final class Readiness {

  private final GracefulStop stop;
  private final FirstStart firstStart;
  private final SpaceGuard space;
  private final LocalReplicas replicas;

  Readiness(GracefulStop stop, FirstStart firstStart, SpaceGuard space, LocalReplicas replicas) {
    this.stop = stop;
    this.firstStart = firstStart;
    this.space = space;
    this.replicas = replicas;
  }

  /**
   * Whether every replica on this node knows a leader and has applied what it has, and nothing else
   * is in the way.
   */
  boolean isReady() {
    return reasonAgainst().isEmpty();
  }

  /** What is in the way; empty if nothing is. */
  String reasonAgainst() {
    if (stop.isBegun()) {
      return "stopping";
    }
    if (!firstStart.refusal().isEmpty()) {
      return firstStart.refusal();
    }
    if (space.isLow()) {
      return space.reason();
    }
    if (!replicas.isOpen()) {
      return "waiting for the other nodes of the first start";
    }
    for (Replica replica : replicas.all()) {
      if (replica.leaderNodeId() == null) {
        return "group " + name(replica) + " has no leader";
      }
      if (replica.isBehind()) {
        return "group " + name(replica) + " applies its log";
      }
    }
    return joining();
  }

  /** A node that was taken in again votes nowhere until it has fetched everything. */
  private String joining() {
    int all = replicas.all().size();
    int voting = 0;
    for (Replica replica : replicas.all()) {
      voting += replica.isVoter() ? 1 : 0;
    }
    return voting == all
        ? ""
        : "joining: " + voting + " of " + all + " replicas have fetched all and vote";
  }

  private static String name(Replica replica) {
    return replica.group() == MetaState.GROUP ? "meta" : Integer.toString(replica.group());
  }
}
