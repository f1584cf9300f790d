package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.replica.Replica;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Stories about who leads, with the members of the group as they are. */
final class OfficeStories {
  /** In milliseconds: eight of them, which is what an election may take, are below its timeout. */
  private static final int SHORTEST_EVEN_SYNC = 40;

  private static final int LONGEST_EVEN_SYNC = 60;

  private final Stories stage;
  private final SimulatedCluster cluster;
  private final Random random;

  OfficeStories(Stories stage, SimulatedCluster cluster, Random random) {
    this.stage = stage;
    this.cluster = cluster;
    this.random = random;
  }

  /**
   * A leader and one voter more are cut off from three others. These elect one of themselves, at
   * once if the leader has asked for it just before, and the two go on being asked. Whether it
   * began: it takes five voters.
   */
  boolean minorityLeader(Offices.Office office, List<SimulatedMachine> followers) {
    if (followers.size() < 4) {
      return false;
    }
    List<SimulatedMachine> others = new ArrayList<>(followers);
    Collections.shuffle(others, random);
    List<SimulatedMachine> minority = List.of(office.machine(), others.remove(0));
    SimulatedMachine heir = others.get(0);
    int term = office.leader().term();
    if (random.nextBoolean()) {
      Offices.handOver(office, heir);
    }
    stage.await(
        () ->
            !office.isHeldIn(term)
                || LogMatching.stateOf(office.leader()).leadershipTransferState() != null,
        50 * VirtualTime.MILLI,
        () -> {
          // What asks the heir may be under way.
          others.forEach(
              each -> minority.forEach(one -> cluster.network().cut(each.id(), one.id())));
          stage.after(
              10 * VirtualTime.MILLI, () -> others.forEach(each -> stage.cutOff(minority, each)));
        });
    stage.after(
        VirtualTime.SECOND + random.nextLong(2 * VirtualTime.SECOND),
        () -> minority.forEach(one -> stage.mend(one.id(), others)));
    return true;
  }

  /**
   * A leader is cut off with proposals that nobody else has. Of the two that are left, one stands
   * for office, does not hear that it has the other's vote, and stands again in the next term; then
   * it dies. The other one and the former leader are a majority: the one knows a newer term, the
   * other has the longer log. Whether it began: it takes three voters.
   */
  boolean lostElection(Offices.Office office, List<SimulatedMachine> followers) {
    if (followers.size() != 2 || office.leader().voters().size() != 3) {
      return false;
    }
    int group = office.group();
    int term = office.leader().term();
    SimulatedMachine first = followers.get(0);
    SimulatedMachine second = followers.get(1);
    followers.forEach(each -> stage.cutOff(List.of(office.machine()), each));
    stage.await(
        () -> isCandidate(first, group) || isCandidate(second, group),
        3 * VirtualTime.SECOND,
        () -> {
          SimulatedMachine asking = isCandidate(first, group) ? first : second;
          SimulatedMachine asked = asking == first ? second : first;
          cluster.network().cut(asked.id(), asking.id());
          stage.await(
              () -> termOf(asked, group) >= term + 2,
              5 * VirtualTime.SECOND,
              () -> {
                stage.kill(asking, 8 * VirtualTime.SECOND);
                stage.mend(office.machine().id(), followers);
                stage.mend(asked.id(), List.of(asking));
              });
        });
    return true;
  }

  private static boolean isCandidate(SimulatedMachine machine, int group) {
    Replica replica = Offices.replica(machine, group);
    return replica != null && LogMatching.stateOf(replica).candidateState() != null;
  }

  private static int termOf(SimulatedMachine machine, int group) {
    Replica replica = Offices.replica(machine, group);
    return replica == null ? 0 : replica.term();
  }

  /**
   * A machine has fallen behind, both others have taken snapshots, the leader a later one. While
   * the machine fetches that, the leader dies: the successor can offer the older one only, and
   * needs the machine to commit anything. Whether it began: it takes three voters.
   */
  boolean cutDownload(
      Offices.Office office, SimulatedMachine behind, List<SimulatedMachine> followers) {
    if (followers.size() != 2) {
      return false;
    }
    int group = office.group();
    SimulatedMachine leader = office.machine();
    SimulatedMachine heir = followers.get(followers.get(0) == behind ? 1 : 0);
    List<SimulatedMachine> others = new ArrayList<>(cluster.machines());
    others.remove(behind);
    others.forEach(each -> stage.cutOff(List.of(behind), each));
    long slow = (2 + random.nextInt(20)) * VirtualTime.MILLI;
    stage.await(
        () -> hasSnapshotAbove(heir, lastIndex(behind, group) + stage.largeLag(), group),
        4 * VirtualTime.SECOND,
        () ->
            stage.await(
                () -> hasSnapshotAbove(leader, snapshotIndex(heir, group), group),
                VirtualTime.SECOND,
                () -> {
                  // What it was sent before those snapshots would make them needless.
                  others.forEach(each -> cluster.network().loseAll(each.id(), behind.id()));
                  stage.mend(behind.id(), others);
                  cluster.network().conditions().slow(leader.id(), behind.id(), slow);
                  stage.await(
                      () -> isFetching(behind, group),
                      2 * VirtualTime.SECOND,
                      () -> {
                        cluster.network().cut(leader.id(), behind.id());
                        stage.kill(leader, 8 * VirtualTime.SECOND);
                        stage.after(
                            8 * VirtualTime.SECOND, () -> stage.mend(leader.id(), followers));
                      });
                }));
    return true;
  }

  /** Whether it has such a snapshot, whole; asks for one where there is enough to take. */
  private static boolean hasSnapshotAbove(SimulatedMachine machine, long index, int group) {
    Replica replica = Offices.replica(machine, group);
    if (replica == null) {
      return false;
    }
    if (replica.snapshotIndex() > index) {
      return !replica.takesSnapshot();
    }
    if (replica.commitIndex() > index && !replica.takesSnapshot()) {
      Offices.takeSnapshot(machine, replica);
    }
    return false;
  }

  private static boolean isFetching(SimulatedMachine machine, int group) {
    Replica replica = Offices.replica(machine, group);
    return replica != null && LogMatching.stateOf(replica).snapshotChunkCollector() != null;
  }

  private static long lastIndex(SimulatedMachine machine, int group) {
    Replica replica = Offices.replica(machine, group);
    return replica == null ? 0 : replica.lastIndex();
  }

  private static long snapshotIndex(SimulatedMachine machine, int group) {
    Replica replica = Offices.replica(machine, group);
    return replica == null ? 0 : replica.snapshotIndex();
  }

  /**
   * A leader falls silent where all disks are equally slow, and so are the wires until both
   * survivors stand for office: each has voted for itself before it hears of the other. The next
   * time, and each time after that, both are as slow as before. Whether it began: it takes three
   * voters.
   */
  boolean slowElection(Offices.Office office, List<SimulatedMachine> followers) {
    if (followers.size() != 2 || office.leader().voters().size() != 3) {
      return false;
    }
    SimulatedMachine one = followers.get(0);
    SimulatedMachine other = followers.get(1);
    int millis = SHORTEST_EVEN_SYNC + random.nextInt(LONGEST_EVEN_SYNC - SHORTEST_EVEN_SYNC);
    cluster.machines().forEach(each -> each.evenDisk(millis * VirtualTime.MILLI));
    long slow = (80 + random.nextInt(80)) * VirtualTime.MILLI;
    cluster.network().conditions().slow(one.id(), other.id(), slow);
    cluster.network().conditions().slow(other.id(), one.id(), slow);
    office.machine().crash(true);
    stage.await(
        () -> isCandidate(one, office.group()) && isCandidate(other, office.group()),
        3 * VirtualTime.SECOND,
        () -> stage.mend(one.id(), List.of(other)));
    stage.after(
        Stories.nanosOf(Fault.SLOW_ELECTION) - VirtualTime.SECOND,
        () -> {
          cluster.machines().forEach(SimulatedMachine::fastDisk);
          Stories.start(office.machine());
        });
    return true;
  }
}
