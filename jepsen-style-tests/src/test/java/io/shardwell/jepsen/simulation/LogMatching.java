package io.shardwell.jepsen.simulation;

import io.microraft.RaftEndpoint;
import io.microraft.impl.RaftNodeImpl;
import io.microraft.impl.state.FollowerState;
import io.microraft.impl.state.LeaderState;
import io.microraft.impl.state.RaftState;
import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import io.shardwell.storage.ReplicaLog;
import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a leader believes about its followers is true. Looked at after every turn of a leader, over
 * the logs of all nodes at once, which no node can do:
 *
 * <ul>
 *   <li>a follower of the leader's term holds the entry up to which it counts as matching, of the
 *       same term (Raft's log matching: then all before it are equal too);
 *   <li>an entry that becomes committed is held by a true majority of the voters.
 * </ul>
 *
 * <p>Random faults lose a wrongly counted entry for good hardly ever: the few nodes that hold it
 * must all go away in time. This notices the moment at which it is counted. Logs in memory are
 * looked at, which are never shorter than those on disk, and a node that is down or not open counts
 * as holding everything: so nothing is reported that may be right.
 */
final class LogMatching {
  private static final Field LOCAL_REPLICAS = field(Engine.class, "replicas");
  private static final Field REPLICAS = field(LOCAL_REPLICAS.getType(), "replicas");
  private static final Field RAFT = field(Replica.class, "raft");
  private static final Field SNAPSHOTS = field(Replica.class, "snapshots");
  private static final Field INSTALLING = field(SNAPSHOTS.getType(), "installing");
  private static final Field POSITIONS = field(Replica.class, "positions");
  private static final Field LOG = field(POSITIONS.getType(), "log");

  /** By replica, which lives as long as its process: the commit index when last looked at. */
  private final Map<Replica, Long> committed = new HashMap<>();

  static Field field(Class<?> owner, String name) {
    try {
      Field field = owner.getDeclaredField(name);
      field.setAccessible(true);
      return field;
    } catch (NoSuchFieldException renamed) {
      throw new IllegalStateException(renamed);
    }
  }

  static Object read(Field field, Object owner) {
    try {
      return Objects.requireNonNull(field.get(owner));
    } catch (IllegalAccessException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  static Iterable<?> replicas(Engine engine) {
    return (Iterable<?>) read(REPLICAS, read(LOCAL_REPLICAS, engine));
  }

  /** Whether a replica's snapshot is on its way to disk, its own or a foreign one. */
  static boolean writesSnapshot(Engine engine) {
    for (Object each : replicas(engine)) {
      if (((Replica) each).takesSnapshot()) {
        return true;
      }
    }
    return installsSnapshot(engine);
  }

  /** Whether a foreign snapshot has replaced a replica's state but is not durable yet. */
  static boolean installsSnapshot(Engine engine) {
    for (Object each : replicas(engine)) {
      Object snapshots = read(SNAPSHOTS, each);
      if ((boolean) read(INSTALLING, snapshots)) {
        return true;
      }
    }
    return false;
  }

  static RaftState stateOf(Replica replica) {
    return ((RaftNodeImpl) read(RAFT, replica)).state();
  }

  static ReplicaLog logOf(Replica replica) {
    return (ReplicaLog) read(LOG, read(POSITIONS, replica));
  }

  /** Null if all is well, otherwise what is not. */
  @Nullable String check(Engine engine, List<SimulatedMachine> machines) {
    for (Object each : replicas(engine)) {
      Replica replica = (Replica) each;
      LeaderState leading = stateOf(replica).leaderState();
      if (leading == null || !replica.isLeader()) {
        continue;
      }
      String broken = checkFollowers(replica, leading, machines);
      if (broken == null) {
        broken = checkCommit(replica, machines);
      }
      if (broken != null) {
        return "group " + replica.group() + ": " + broken;
      }
    }
    return null;
  }

  private static @Nullable String checkFollowers(
      Replica leader, LeaderState leading, List<SimulatedMachine> machines) {
    for (Map.Entry<RaftEndpoint, FollowerState> each : leading.getFollowerStates().entrySet()) {
      long match = each.getValue().matchIndex();
      Replica follower = replica(each.getKey(), leader.group(), machines);
      if (match > 0
          && follower != null
          && follower.term() == leader.term()
          && !holds(follower, match, leader)) {
        return leader.self().nodeId()
            + ", leader of term "
            + leader.term()
            + ", counts on entry "
            + match
            + " at "
            + follower.self().nodeId()
            + ", which does not hold it";
      }
    }
    return null;
  }

  private @Nullable String checkCommit(Replica leader, List<SimulatedMachine> machines) {
    long commit = leader.commitIndex();
    Long before = committed.put(leader, commit);
    if (before != null && before == commit) {
      return null;
    }
    int holders = 0;
    for (RaftEndpoint voter : leader.voters()) {
      Replica member = replica(voter, leader.group(), machines);
      holders += member == null || holds(member, commit, leader) ? 1 : 0;
    }
    if (holders > leader.voters().size() / 2) {
      return null;
    }
    return leader.self().nodeId()
        + ", leader of term "
        + leader.term()
        + ", committed entry "
        + commit
        + ", which only "
        + holders
        + " of "
        + leader.voters().size()
        + " hold";
  }

  /** Whether the member has the leader's entry, as far as both logs still tell. */
  private static boolean holds(Replica member, long index, Replica leader) {
    ReplicaLog ofMember = logOf(member);
    ReplicaLog ofLeader = logOf(leader);
    if (index > ofMember.lastIndex() || index > ofLeader.lastIndex()) {
      return false;
    }
    return index < ofMember.firstIndex()
        || index < ofLeader.firstIndex()
        || ofMember.termOf(index) == ofLeader.termOf(index);
  }

  /** Null if the node is down, has not opened the group yet, or is another incarnation. */
  private static @Nullable Replica replica(
      RaftEndpoint endpoint, int group, List<SimulatedMachine> machines) {
    String nodeId = ((ReplicaEndpoint) endpoint).nodeId();
    for (SimulatedMachine machine : machines) {
      Engine engine = machine.engine();
      if (engine == null || !machine.id().equals(nodeId)) {
        continue;
      }
      for (Object each : replicas(engine)) {
        Replica replica = (Replica) each;
        if (replica.group() == group && replica.self().equals(endpoint)) {
          return replica;
        }
      }
    }
    return null;
  }
}
