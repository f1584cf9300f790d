package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.cluster.MetaState;
import io.shardwell.raftgroup.replica.Replica;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Stories about a machine that loses its disk and is taken in again, in three changes of members:
 * it learns, its former self leaves, it becomes a voter. They begin only where the cluster bears
 * the loss.
 */
final class MemberStories {
  private static final long SOON = 10 * VirtualTime.MILLI;

  private final Stories stage;
  private final SimulatedCluster cluster;
  private final Offices offices;
  private final Random random;

  MemberStories(Stories stage, SimulatedCluster cluster, Offices offices, Random random) {
    this.stage = stage;
    this.cluster = cluster;
    this.offices = offices;
    this.random = random;
  }

  /**
   * A leader is cut off together with the machine that learns from it, and appends the next change
   * of members. The three others elect one of themselves, who knows nothing of it, and go so far
   * beyond that both need a snapshot. It takes five voters.
   */
  boolean overtakenChange(
      Offices.Office office, SimulatedMachine lost, List<SimulatedMachine> followers) {
    if (followers.size() < 4 || !cluster.bearsALostDisk()) {
      return false;
    }
    int term = office.leader().term();
    List<SimulatedMachine> cutOff = List.of(office.machine(), lost);
    List<SimulatedMachine> others = new ArrayList<>(followers);
    others.remove(lost);
    loseDisk(lost);
    stage.await(
        () -> hasLearner(office),
        4 * VirtualTime.SECOND,
        () -> {
          others.forEach(each -> stage.cutOff(cutOff, each));
          stage.await(
              () -> offices.successor(office.group(), term) != null,
              3 * VirtualTime.SECOND,
              () ->
                  stage.await(
                      () -> stage.isLeftBehind(office.machine()),
                      4 * VirtualTime.SECOND,
                      () -> cutOff.forEach(one -> stage.mend(one.id(), others))));
        });
    return true;
  }

  /**
   * A machine that has just become a voter, by a change of which the others know nothing, loses
   * power before that is durable there. Then the leader is cut off.
   */
  boolean lostPromotion(
      Offices.Office office, SimulatedMachine lost, List<SimulatedMachine> followers) {
    if (followers.size() < 2 || !cluster.bearsALostDisk()) {
      return false;
    }
    SimulatedMachine leader = office.machine();
    List<SimulatedMachine> others = new ArrayList<>(followers);
    others.remove(lost);
    loseDisk(lost);
    stage.await(
        () -> hasLearner(office) && Offices.voter(office, lost) == null,
        5 * VirtualTime.SECOND,
        () -> {
          others.forEach(each -> cluster.network().cut(leader.id(), each.id()));
          lost.slowDisk();
          stage.await(
              () -> {
                Replica replica = Offices.replica(lost, office.group());
                return replica != null && replica.isVoter();
              },
              650 * VirtualTime.MILLI,
              () -> {
                if (lost.isUp()) {
                  lost.crash(true);
                }
                lost.fastDisk();
                followers.forEach(each -> stage.cutOff(List.of(leader), each));
                stage.after(random.nextLong(SOON), () -> Stories.start(lost));
                stage.after(3 * VirtualTime.SECOND, () -> stage.mend(leader.id(), followers));
              });
        });
    return true;
  }

  /**
   * The answers of one follower come late. When neither follower hears the leader any more, they
   * elect another; the old one goes on for as long as late answers arrive. Whoever of the two
   * others does not answer late has voted then, and loses its disk. The old leader takes that
   * machine in again, by a change of which nobody else knows, and when no more answers come it
   * stands for office, in the very term of that vote. It takes three voters among five machines, so
   * that the cluster's map changes meanwhile.
   */
  boolean formerSelf(
      Offices.Office office, SimulatedMachine lost, List<SimulatedMachine> followers) {
    if (office.group() == MetaState.GROUP
        || followers.size() != 2
        || office.leader().voters().size() != 3
        || cluster.machines().size() < 5) {
      return false;
    }
    String old = office.machine().id();
    int term = office.leader().term();
    SimulatedMachine late = followers.get(followers.get(0) == lost ? 1 : 0);
    List<SimulatedMachine> others = new ArrayList<>(cluster.machines());
    others.remove(office.machine());
    others.remove(late);
    long delay = 3 * VirtualTime.SECOND + random.nextLong(VirtualTime.SECOND);
    cluster.network().conditions().slow(late.id(), old, delay);
    stage.after(
        delay + SOON,
        () -> {
          cluster.network().cut(old, late.id());
          stage.cutOff(List.of(lost), office.machine());
          stage.await(
              () -> offices.successor(office.group(), term) != null && cluster.bearsALostDisk(),
              delay - VirtualTime.SECOND,
              () -> {
                if (cluster.bearsALostDisk()) {
                  others.forEach(each -> stage.cutOff(List.of(late), each));
                  cluster.network().loseAll(lost.id(), old);
                  loseDisk(lost);
                  stage.mend(old, List.of(lost));
                  stage.await(
                      () -> office.leader().isChangingMembers() && hears(lost, office),
                      delay,
                      () -> {
                        cluster.network().cut(late.id(), old);
                        // A learner's answers keep a leader in office, too (MICRORAFT B7).
                        stage.cutOff(List.of(lost), office.machine());
                        stage.await(
                            () -> !office.isHeldIn(term),
                            2 * VirtualTime.SECOND,
                            () -> stage.mend(old, List.of(lost)));
                      });
                }
              });
        });
    stage.after(
        Stories.nanosOf(Fault.FORMER_SELF),
        () -> {
          stage.mend(old, followers);
          stage.mend(late.id(), others);
        });
    return true;
  }

  /** Whether the machine's replica is in the leader's term. */
  private static boolean hears(SimulatedMachine machine, Offices.Office office) {
    Replica replica = Offices.replica(machine, office.group());
    return replica != null && replica.term() == office.leader().term();
  }

  private void loseDisk(SimulatedMachine machine) {
    cluster.tell(machine.id() + " loses its disk");
    machine.loseDisk();
    stage.after(SOON, () -> Stories.start(machine));
  }

  /** Whether somebody learns, by a change of members that is committed. */
  private static boolean hasLearner(Offices.Office office) {
    Replica leader = office.leader();
    return !leader.isChangingMembers() && leader.members().size() > leader.voters().size();
  }
}
