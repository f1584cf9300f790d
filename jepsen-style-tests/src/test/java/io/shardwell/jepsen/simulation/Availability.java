package io.shardwell.jepsen.simulation;

import io.microraft.RaftEndpoint;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A majority that lacks nothing elects a leader: a group must not be without one for long while a
 * majority of its voters runs, has space and good disks, and reaches each other over good wires.
 * What a cluster does only after everything was mended tells nothing about this: a machine that
 * comes back brings a new election with it.
 */
final class Availability {
  /** A shorter time without a leader is not worth a line of the story. */
  private static final long WORTH_TELLING = VirtualTime.SECOND;

  private final SimulatedCluster cluster;
  private final long patienceNanos;

  /** By group, since when a majority lacks nothing but a leader. */
  private final Map<Integer, Long> since = new TreeMap<>();

  private long longestNanos;

  Availability(SimulatedCluster cluster) {
    this.cluster = cluster;
    // An election waits for several syncs as slow as the slowest recent one (MICRORAFT B11).
    boolean slowDisks = cluster.scenario().faults().contains(Fault.SLOW_DISK);
    this.patienceNanos = (slowDisks ? 15 : 4) * VirtualTime.SECOND;
  }

  /** Null if all is well, otherwise what is not. */
  @Nullable String check() {
    Map<Integer, List<Replica>> groups = new TreeMap<>();
    for (SimulatedMachine machine : cluster.machines()) {
      SimulatedProcess process = machine.process();
      if (process != null && process.isAlive() && !process.loop().isPaused()) {
        for (Replica replica : Offices.replicas(machine)) {
          groups.computeIfAbsent(replica.group(), unused -> new ArrayList<>()).add(replica);
        }
      }
    }
    since.keySet().retainAll(groups.keySet());
    long now = cluster.time().now();
    for (Map.Entry<Integer, List<Replica>> each : groups.entrySet()) {
      if (!lacksOnlyALeader(each.getValue())) {
        end(each.getKey());
        continue;
      }
      long nanos = now - since.computeIfAbsent(each.getKey(), unused -> now);
      longestNanos = Math.max(longestNanos, nanos);
      if (nanos > patienceNanos) {
        return "group "
            + each.getKey()
            + ": nobody has led it for "
            + patienceNanos / VirtualTime.SECOND
            + " s although a majority of its voters lacks nothing"
            + cluster.describe();
      }
    }
    return null;
  }

  /**
   * A process's turn is over: a leader may hold office for less than the time between two looks.
   */
  void turnEnded(SimulatedMachine machine) {
    if (since.isEmpty()) {
      return;
    }
    for (Replica replica : Offices.replicas(machine)) {
      if (replica.isEstablishedLeader()) {
        end(replica.group());
      }
    }
  }

  private void end(int group) {
    Long began = since.remove(group);
    long now = cluster.time().now();
    if (began != null && now - began > WORTH_TELLING) {
      cluster.tell(
          "group "
              + group
              + " has lacked nothing but a leader for "
              + (now - began) / VirtualTime.MILLI
              + " ms");
    }
  }

  /** The longest time that a majority has lacked nothing but a leader so far. */
  long longest() {
    return longestNanos;
  }

  private boolean lacksOnlyALeader(List<Replica> replicas) {
    Replica first = replicas.get(0);
    Set<RaftEndpoint> voters = Set.copyOf(first.voters());
    Set<String> healthy = new TreeSet<>();
    for (Replica replica : replicas) {
      boolean unsettled =
          replica.isChangingMembers() || !voters.equals(Set.copyOf(replica.voters()));
      if (unsettled || replica.isEstablishedLeader()) {
        return false;
      }
      if (replica.isVoter() && !replica.standsAside()) {
        healthy.add(replica.self().nodeId());
      }
    }
    healthy.removeIf(nodeId -> !isWell(nodeId));
    long votes =
        voters.stream().filter(v -> healthy.contains(((ReplicaEndpoint) v).nodeId())).count();
    return votes > voters.size() / 2 && reachEachOther(healthy);
  }

  private boolean isWell(String nodeId) {
    for (SimulatedMachine machine : cluster.machines()) {
      SimulatedProcess process = machine.process();
      if (machine.id().equals(nodeId)) {
        return process != null && process.wasReady() && machine.isDiskWell();
      }
    }
    return false;
  }

  private boolean reachEachOther(Set<String> nodes) {
    for (String from : nodes) {
      for (String to : nodes) {
        if (!from.equals(to) && !cluster.network().isGood(from, to)) {
          return false;
        }
      }
    }
    return true;
  }
}
