package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.replica.Replica;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a cluster is busy with when a fault strikes; several at once, or nothing of this. */
public enum Phase {
  /** A voter knows no leader, or a leader has not applied its term's first entry yet. */
  ELECTION,
  /** A leader gives its office away. */
  TRANSFER,
  /** A snapshot of a replica's own is on its way to disk. */
  SNAPSHOT_TAKING,
  /** A foreign snapshot's chunks arrive, or it has replaced the state and is not durable yet. */
  SNAPSHOT_INSTALL,
  /** A process has been started and was not ready in this life so far. */
  RECOVERY,
  /** A group's configuration is not committed yet, or has a learner. */
  MEMBERSHIP,
  /** Every process runs, and nothing of the above goes on. */
  STEADY;

  /** What the whole cluster is busy with; never {@link #STEADY} together with others. */
  static Set<Phase> of(List<SimulatedMachine> machines) {
    Set<Phase> phases = EnumSet.noneOf(Phase.class);
    boolean complete = true;
    for (SimulatedMachine machine : machines) {
      complete &= machine.isUp();
      phases.addAll(at(machine));
    }
    if (complete && phases.isEmpty()) {
      phases.add(STEADY);
    }
    return phases;
  }

  /** What one machine is busy with; without {@link #STEADY}, which takes all of them. */
  static Set<Phase> at(SimulatedMachine machine) {
    Set<Phase> phases = EnumSet.noneOf(Phase.class);
    SimulatedProcess process = machine.process();
    if (process == null || !process.isAlive()) {
      return phases;
    }
    boolean recovers = !process.wasReady();
    if (recovers) {
      phases.add(RECOVERY);
    }
    @Nullable Engine engine = process.engine();
    if (engine != null) {
      for (Object each : LogMatching.replicas(engine)) {
        addPhasesOf((Replica) each, recovers, phases);
      }
      if (LogMatching.installsSnapshot(engine)) {
        phases.add(SNAPSHOT_INSTALL);
      }
    }
    return phases;
  }

  /** Whether a foreign snapshot has replaced a replica's state there and is not durable yet. */
  static boolean isInstalling(SimulatedMachine machine) {
    @Nullable Engine engine = machine.engine();
    return engine != null && LogMatching.installsSnapshot(engine);
  }

  private static void addPhasesOf(Replica replica, boolean recovers, Set<Phase> phases) {
    // A process that starts knows no leader for a while: that alone is no election.
    boolean searches = !recovers && replica.isVoter() && replica.leaderNodeId() == null;
    if (searches || (replica.isLeader() && !replica.isEstablishedLeader())) {
      phases.add(ELECTION);
    }
    if (replica.isHandingOver()) {
      phases.add(TRANSFER);
    }
    if (replica.takesSnapshot()) {
      phases.add(SNAPSHOT_TAKING);
    }
    if (LogMatching.stateOf(replica).snapshotChunkCollector() != null) {
      phases.add(SNAPSHOT_INSTALL);
    }
    if (replica.isChangingMembers() || replica.members().size() != replica.voters().size()) {
      phases.add(MEMBERSHIP);
    }
  }
}
