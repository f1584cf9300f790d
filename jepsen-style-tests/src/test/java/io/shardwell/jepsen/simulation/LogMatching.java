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
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
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
 *   <li>an entry that becomes committed is held by a true majority of the voters: durably by those
 *       that run, and by those that are down at least in the memory of the process that was.
 * </ul>
 *
 * <p>Random faults lose a wrongly counted entry for good hardly ever: the few nodes that hold it
 * must all go away in time. This notices the moment at which it is counted. A log in memory is
 * never shorter than that on disk, and a node that is about to open its log counts as holding
 * everything: so nothing is reported that may be right.
 */
final class LogMatching {
  private static final Field LOCAL_REPLICAS = field(Engine.class, "replicas");
  private static final Field REPLICAS = field(LOCAL_REPLICAS.getType(), "replicas");
  private static final Field RAFT = field(Replica.class, "raft");
  private static final Field SNAPSHOTS = field(Replica.class, "snapshots");
  private static final Field INSTALLING = field(SNAPSHOTS.getType(), "installing");
  private static final Field POSITIONS = field(Replica.class, "positions");
  private static final Field LOG = field(POSITIONS.getType(), "log");
  private static final Method IS_DURABLE = durability();

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

  private static Method durability() {
    try {
      Method method = POSITIONS.getType().getDeclaredMethod("isDurable", long.class);
      method.setAccessible(true);
      return method;
    } catch (NoSuchMethodException renamed) {
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
      Replica follower = replica(each.getKey(), leader.group(), machines, true);
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
      Replica running = replica(voter, leader.group(), machines, true);
      Replica member = running == null ? replica(voter, leader.group(), machines, false) : running;
      // An only voter applies before its disk has it, and holds its answers back until then.
      boolean durable =
          running == null || leader.voters().size() == 1 || isDurable(running, commit);
      boolean counts = member == null || (holds(member, commit, leader) && durable);
      holders += counts ? 1 : 0;
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

  private static boolean isDurable(Replica member, long index) {
    if ((boolean) read(INSTALLING, read(SNAPSHOTS, member))) {
      return false; // What replaced its state is on its way to disk.
    }
    try {
      return (boolean) IS_DURABLE.invoke(read(POSITIONS, member), index);
    } catch (IllegalAccessException | InvocationTargetException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /**
   * Null if the node has not opened the group yet, or is another incarnation, or is down.
   *
   * @param running whether that of a process that has died is none; otherwise it is the last one
   */
  private static @Nullable Replica replica(
      RaftEndpoint endpoint, int group, List<SimulatedMachine> machines, boolean running) {
    String nodeId = ((ReplicaEndpoint) endpoint).nodeId();
    for (SimulatedMachine machine : machines) {
      SimulatedProcess process = machine.process();
      if (process == null || !machine.id().equals(nodeId) || (running && !process.isAlive())) {
        continue;
      }
      Engine engine = process.engine();
      if (engine == null) {
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
