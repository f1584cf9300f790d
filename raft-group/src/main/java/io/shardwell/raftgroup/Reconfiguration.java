package io.shardwell.raftgroup;

import io.microraft.MembershipChangeMode;
import io.microraft.RaftEndpoint;
import io.shardwell.raftgroup.cluster.ClusterMap;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the members of each group to what the cluster map wants, after a node was taken in again
 * under a new incarnation (decision 0017). The group's leader takes one step at a time:
 *
 * <ol>
 *   <li>the new replica becomes a learner, and fetches everything;
 *   <li>when it has, the one before it leaves the voters (MICRORAFT B17: never four voters where
 *       three will do);
 *   <li>the new one becomes a voter.
 * </ol>
 *
 * <p>Nothing is remembered between steps: each follows from the members there are, so any later
 * leader goes on where this one stopped. The replica that leaves is dead and its vote counted for
 * nothing; between the second and the third step a group of three can lose no node, and neither
 * could it before. Loop thread only.
 */
final class Reconfiguration {

  private static final Logger LOGGER = LoggerFactory.getLogger(Reconfiguration.class);

  /** Groups that a leader lets fetch at once, so that nobody is flooded. */
  private static final int MAX_LEARNING_GROUPS = 2;

  /** Learners of a group at most (MicroRaft's MAX_LEARNER_COUNT). */
  private static final int MAX_LEARNERS = 2;

  /** Committed entries that a learner may lack when it becomes a voter. */
  private static final long MAX_LAG_ENTRIES = 64;

  private final Function<Replica, List<String>> placement;
  private final Predicate<ReplicaEndpoint> reaches;

  /** One change of a group's members. */
  record Step(ReplicaEndpoint member, MembershipChangeMode mode) {}

  /**
   * @param placement the nodes that should hold a replica of the group
   * @param reaches whether that very replica's process is linked and does not stand aside, which
   *     would neither fetch nor acknowledge
   */
  Reconfiguration(Function<Replica, List<String>> placement, Predicate<ReplicaEndpoint> reaches) {
    this.placement = placement;
    this.reaches = reaches;
  }

  /** To be called every {@link Tuning#tickMillis}. */
  void run(Collection<Replica> replicas, ClusterMap map) {
    if (map.retired().isEmpty()) {
      return;
    }
    int learning = 0;
    for (Replica replica : replicas) {
      boolean fetches =
          replica.isEstablishedLeader()
              && isFetching(endpoints(replica.members()), endpoints(replica.voters()), reaches);
      learning += fetches ? 1 : 0;
    }
    for (Replica replica : replicas) {
      if (!mayChange(replica)) {
        continue;
      }
      Step step = next(replica, map, learning < MAX_LEARNING_GROUPS);
      if (step != null) {
        learning += step.mode() == MembershipChangeMode.ADD_LEARNER ? 1 : 0;
        LOGGER.info("group {}: {} of {}", replica.group(), step.mode(), step.member());
        replica.changeMembers(step.member(), step.mode());
      }
    }
  }

  /**
   * Whether a learner of the group is there to fetch. One that does not come floods nobody, and
   * must not keep all other groups from taking in theirs.
   */
  static boolean isFetching(
      List<ReplicaEndpoint> members,
      List<ReplicaEndpoint> voters,
      Predicate<ReplicaEndpoint> reached) {
    return members.stream().anyMatch(member -> !voters.contains(member) && reached.test(member));
  }

  private static boolean mayChange(Replica replica) {
    return replica.isEstablishedLeader()
        && !replica.standsAside()
        && !replica.isHandingOver()
        && !replica.isChangingMembers();
  }

  private @Nullable Step next(Replica replica, ClusterMap map, boolean mayLearn) {
    List<ReplicaEndpoint> wanted = new ArrayList<>();
    for (String node : placement.apply(replica)) {
      long incarnation = Objects.requireNonNull(map.nodes().get(node)).incarnation();
      wanted.add(new ReplicaEndpoint(node, incarnation, 0));
    }
    return next(
        endpoints(replica.members()),
        endpoints(replica.voters()),
        wanted,
        member -> map.hasRetired(member.nodeId(), member.incarnation()),
        member -> member.equals(replica.self()) || reaches.test(member),
        member -> {
          long acknowledged = replica.acknowledgedBy(member);
          return acknowledged > 0 && acknowledged + MAX_LAG_ENTRIES >= replica.commitIndex();
        },
        mayLearn);
  }

  private static List<ReplicaEndpoint> endpoints(Collection<RaftEndpoint> members) {
    return members.stream().map(ReplicaEndpoint.class::cast).toList();
  }

  /**
   * The next step from these members to the wanted ones, or null if there is none now.
   *
   * @param retired whether the map says that another has taken this one's place
   * @param hasAll whether a learner lacks next to nothing of what is committed
   * @param mayLearn whether another learner may be taken in now
   */
  static @Nullable Step next(
      List<ReplicaEndpoint> members,
      List<ReplicaEndpoint> voters,
      List<ReplicaEndpoint> wanted,
      Predicate<ReplicaEndpoint> retired,
      Predicate<ReplicaEndpoint> reached,
      Predicate<ReplicaEndpoint> hasAll,
      boolean mayLearn) {
    for (ReplicaEndpoint member : members) {
      boolean learns = !voters.contains(member);
      if (!wanted.contains(member) && !retired.test(member)) {
        return null; // Who took it in knew a newer map than this one.
      }
      if (learns && retired.test(member)) {
        return new Step(member, MembershipChangeMode.REMOVE_MEMBER);
      }
    }
    for (ReplicaEndpoint member : wanted) {
      boolean learns = members.contains(member) && !voters.contains(member);
      if (learns && reached.test(member) && hasAll.test(member)) {
        ReplicaEndpoint before = ofNode(member.nodeId(), voters);
        if (before == null) {
          return new Step(member, MembershipChangeMode.ADD_OR_PROMOTE_TO_FOLLOWER);
        }
        if (canDoWithout(before, voters, reached)) {
          return new Step(before, MembershipChangeMode.REMOVE_MEMBER);
        }
      }
    }
    for (ReplicaEndpoint member : wanted) {
      boolean room = members.size() - voters.size() < MAX_LEARNERS;
      if (mayLearn && room && !members.contains(member) && reached.test(member)) {
        return new Step(member, MembershipChangeMode.ADD_LEARNER);
      }
    }
    return null;
  }

  private static @Nullable ReplicaEndpoint ofNode(String nodeId, List<ReplicaEndpoint> voters) {
    for (ReplicaEndpoint voter : voters) {
      if (voter.nodeId().equals(nodeId)) {
        return voter;
      }
    }
    return null;
  }

  /** Whether the voters that are left can commit that it goes, and everything after. */
  private static boolean canDoWithout(
      ReplicaEndpoint gone, List<ReplicaEndpoint> voters, Predicate<ReplicaEndpoint> reached) {
    int left = voters.size() - 1;
    int up = 0;
    for (ReplicaEndpoint voter : voters) {
      up += !voter.equals(gone) && reached.test(voter) ? 1 : 0;
    }
    return up >= left / 2 + 1;
  }
}
