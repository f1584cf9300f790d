package io.shardwell.jepsen.simulation;

import io.microraft.RaftEndpoint;
import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who leads and who votes at the moment, over all machines. */
final class Offices {

  /** A replica that leads and has applied its term's first entry, and its machine. */
  record Office(Replica leader, SimulatedMachine machine) {
    int group() {
      return leader.group();
    }

    /** Whether it leads in the term in which it was found, and in the same process. */
    boolean isHeldIn(int term) {
      return runs(machine, leader) && leader.isEstablishedLeader() && leader.term() == term;
    }
  }

  private final List<SimulatedMachine> machines;

  Offices(List<SimulatedMachine> machines) {
    this.machines = machines;
  }

  /** All leaders of groups with several voters; those on the machine, if it has any. */
  List<Office> preferablyOn(SimulatedMachine machine) {
    List<Office> all = new ArrayList<>();
    List<Office> here = new ArrayList<>();
    for (SimulatedMachine each : machines) {
      for (Replica replica : replicas(each)) {
        if (replica.isEstablishedLeader() && replica.voters().size() > 1) {
          Office office = new Office(replica, each);
          all.add(office);
          if (each == machine) {
            here.add(office);
          }
        }
      }
    }
    return here.isEmpty() ? all : here;
  }

  /** The same without one group. */
  List<Office> preferablyOn(SimulatedMachine machine, int leftOut) {
    return preferablyOn(machine).stream().filter(office -> office.group() != leftOut).toList();
  }

  /** The leader of the group in a later term than this, if there is one. */
  @Nullable Office successor(int group, int term) {
    for (SimulatedMachine each : machines) {
      for (Replica replica : replicas(each)) {
        if (replica.group() == group && replica.term() > term && replica.isEstablishedLeader()) {
          return new Office(replica, each);
        }
      }
    }
    return null;
  }

  /** The machines of the leader's voters that run, but for its own. */
  List<SimulatedMachine> followers(Office office) {
    List<SimulatedMachine> found = new ArrayList<>();
    for (RaftEndpoint voter : office.leader.voters()) {
      for (SimulatedMachine each : machines) {
        boolean isVoters = each.id().equals(((ReplicaEndpoint) voter).nodeId());
        if (isVoters && each != office.machine && each.isUp()) {
          found.add(each);
        }
      }
    }
    return found;
  }

  /** The machine's voter in the leader's group, by its full name. */
  static @Nullable ReplicaEndpoint voter(Office office, SimulatedMachine machine) {
    for (RaftEndpoint voter : office.leader.voters()) {
      if (((ReplicaEndpoint) voter).nodeId().equals(machine.id())) {
        return (ReplicaEndpoint) voter;
      }
    }
    return null;
  }

  /** The replicas that run there. */
  static List<Replica> replicas(SimulatedMachine machine) {
    List<Replica> found = new ArrayList<>();
    Engine engine = machine.engine();
    if (engine != null) {
      LogMatching.replicas(engine).forEach(each -> found.add((Replica) each));
    }
    return found;
  }

  /** The group's replica that runs there, if there is one. */
  static @Nullable Replica replica(SimulatedMachine machine, int group) {
    for (Replica replica : replicas(machine)) {
      if (replica.group() == group) {
        return replica;
      }
    }
    return null;
  }

  /** Whether the replica is one of the machine's process of now. */
  private static boolean runs(SimulatedMachine machine, Replica replica) {
    return replicas(machine).stream().anyMatch(each -> each == replica);
  }

  /** Asks the leader, on its loop, to give its office to that machine. */
  static void handOver(Office office, SimulatedMachine to) {
    SimulatedProcess process = office.machine.process();
    ReplicaEndpoint heir = voter(office, to);
    if (process != null && process.isAlive() && heir != null) {
      process.execute(
          () -> {
            boolean same = runs(office.machine, office.leader);
            if (same && office.leader.isEstablishedLeader() && !office.leader.standsAside()) {
              office.leader.transferLeadership(List.of(heir), others(office));
            }
          });
    }
  }

  private static List<ReplicaEndpoint> others(Office office) {
    return office.leader.voters().stream()
        .map(ReplicaEndpoint.class::cast)
        .filter(voter -> !voter.equals(office.leader.self()))
        .toList();
  }

  /** Asks for a snapshot of the replica, on its loop. */
  static void takeSnapshot(SimulatedMachine machine, Replica replica) {
    SimulatedProcess process = machine.process();
    if (process != null && process.isAlive()) {
      process.execute(
          () -> {
            if (runs(machine, replica)
                && !replica.standsAside()
                && replica.commitIndex() > replica.snapshotIndex()) {
              boolean unused = replica.takeSnapshot();
            }
          });
    }
  }
}
