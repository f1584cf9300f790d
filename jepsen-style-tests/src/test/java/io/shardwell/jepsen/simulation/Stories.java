package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.cluster.MetaState;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Faults of several steps, each in the order in which some rule of the design matters, with
 * everything else about them left to chance. What waits for something waits in small steps and for
 * a limited time, so a story ends whatever else goes on.
 */
final class Stories {
  private static final long STEP = 200 * VirtualTime.MICRO;

  /** Does things later, unless the faults are over by then. */
  interface Later {
    void after(long delayNanos, Runnable task);
  }

  private final SimulatedCluster cluster;
  private final Later later;
  private final Random random;
  private final Offices offices;

  /** More than what a leader keeps of its log before a snapshot. */
  private final int largeLag;

  /** Stories of one injection, with its randomness. */
  Stories(SimulatedCluster cluster, Later later, Random random) {
    this.cluster = cluster;
    this.later = later;
    this.random = random;
    this.offices = new Offices(cluster.machines());
    this.largeLag = Math.min(100, 2 + cluster.scenario().commitCountToTakeSnapshot() / 10);
  }

  /** How long it takes at most; perhaps nothing else should happen then. */
  static long nanosOf(Fault story) {
    return switch (story) {
      case ROLLING_PAUSE -> 14 * VirtualTime.SECOND;
      case OVERTAKEN_CHANGE, LOST_ELECTION, CUT_DOWNLOAD, FORMER_SELF -> 12 * VirtualTime.SECOND;
      case SLOW_ELECTION -> 9 * VirtualTime.SECOND;
      case LOST_PROMOTION -> 7 * VirtualTime.SECOND;
      case LATE_ANSWERS, LAGGARD -> 5 * VirtualTime.SECOND;
      default -> 2 * VirtualTime.SECOND;
    };
  }

  /** Whether there is a leader: without one there is nothing to tell. */
  boolean canBegin() {
    return !offices.preferablyOn(cluster.machines().get(0)).isEmpty();
  }

  /** Whether it began: without a leader there is nothing to tell. */
  boolean tell(Fault story, SimulatedMachine near) {
    List<Offices.Office> held = offices.preferablyOn(near);
    if (random.nextInt(8) != 0) {
      // Clients see nothing of the other group, the one that holds the cluster's map.
      held = offices.preferablyOn(near, MetaState.GROUP);
    }
    if (held.isEmpty()) {
      return false;
    }
    Offices.Office office = held.get(random.nextInt(held.size()));
    List<SimulatedMachine> followers = offices.followers(office);
    if (followers.isEmpty()) {
      return false;
    }
    cluster.tell(
        story
            + " of group "
            + office.group()
            + ", led by "
            + office.machine().id()
            + " in term "
            + office.leader().term());
    SimulatedMachine one = followers.get(random.nextInt(followers.size()));
    switch (story) {
      case HAND_OVER -> handOver(office, one, followers);
      case LATE_ANSWERS -> lateAnswers(office, one, followers);
      case LOST_ANSWERS -> lostAnswers(office, one);
      case LAGGARD -> laggard(one);
      case ROLLING_PAUSE -> rollingPause(office, followers);
      default -> {
        return tellFurther(story, office, one, followers);
      }
    }
    return true;
  }

  private boolean tellFurther(
      Fault story, Offices.Office office, SimulatedMachine one, List<SimulatedMachine> followers) {
    OfficeStories ofOffices = new OfficeStories(this, cluster, random);
    MemberStories ofMembers = new MemberStories(this, cluster, offices, random);
    return switch (story) {
      case MINORITY_LEADER -> ofOffices.minorityLeader(office, followers);
      case LOST_ELECTION -> ofOffices.lostElection(office, followers);
      case CUT_DOWNLOAD -> ofOffices.cutDownload(office, one, followers);
      case SLOW_ELECTION -> ofOffices.slowElection(office, followers);
      case OVERTAKEN_CHANGE -> ofMembers.overtakenChange(office, one, followers);
      case FORMER_SELF -> ofMembers.formerSelf(office, one, followers);
      case LOST_PROMOTION -> ofMembers.lostPromotion(office, one, followers);
      default -> throw new IllegalArgumentException(story.toString());
    };
  }

  /** More entries than a leader keeps of its log before a snapshot. */
  int largeLag() {
    return largeLag;
  }

  /** Does it later, unless the faults are over by then. */
  void after(long delayNanos, Runnable task) {
    later.after(delayNanos, task);
  }

  /**
   * A leader asks another replica to take over. Before, its followers' answers may have become
   * slow; from the moment in which the successor is asked, it hears nothing any more for a while,
   * or nothing is heard of it, and then the successor or a voter drops out.
   */
  private void handOver(
      Offices.Office office, SimulatedMachine heir, List<SimulatedMachine> followers) {
    String old = office.machine().id();
    int term = office.leader().term();
    boolean unheard = random.nextInt(4) == 0;
    if (!unheard && random.nextInt(3) == 0 && followers.size() > 1) {
      handOverBeforeAStandstill(office, heir, followers);
      return;
    }
    boolean late = random.nextBoolean();
    if (late) {
      // What they have said by then arrives, and what they say later does not: not for a while.
      long slow = (5 + random.nextInt(95)) * VirtualTime.MILLI;
      followers.forEach(each -> cluster.network().conditions().slow(each.id(), old, slow));
    }
    if (unheard) {
      long slow = (5 + random.nextInt(250)) * VirtualTime.MILLI;
      followers.forEach(each -> cluster.network().conditions().slow(old, each.id(), slow));
      cluster.network().cut(old, heir.id());
    }
    long deaf = (100 + random.nextInt(900)) * VirtualTime.MILLI;
    later.after(random.nextLong(150 * VirtualTime.MILLI), () -> Offices.handOver(office, heir));
    await(
        () ->
            !office.isHeldIn(term)
                || LogMatching.stateOf(office.leader()).leadershipTransferState() != null,
        800 * VirtualTime.MILLI,
        () -> {
          if (!unheard) {
            followers.forEach(each -> deafen(each.id(), old, late));
            await(
                () -> offices.successor(office.group(), term) != null,
                deaf,
                () ->
                    later.after(random.nextLong(20 * VirtualTime.MILLI), () -> dropOut(followers)));
          }
          later.after(deaf, () -> mend(old, followers));
        });
    later.after(2 * VirtualTime.SECOND, () -> mend(old, followers));
  }

  /**
   * A voter elects a successor of which the old leader hears nothing, and dies when the successor
   * has committed its term's first entry. It comes back without space: it stands aside, knows the
   * new term but not who leads it, and of the two others it reaches the old leader only. What it
   * asks there it must not vouch for: its term is another.
   */
  private void handOverBeforeAStandstill(
      Offices.Office office, SimulatedMachine heir, List<SimulatedMachine> followers) {
    SimulatedMachine voter = heir;
    while (voter == heir) {
      voter = followers.get(random.nextInt(followers.size()));
    }
    SimulatedMachine aside = voter;
    String old = office.machine().id();
    int term = office.leader().term();
    // A request of the old term, answered by the voter, would tell the old leader of the new one.
    long slow = (100 + random.nextInt(400)) * VirtualTime.MILLI;
    later.after(
        random.nextLong(50 * VirtualTime.MILLI),
        () -> {
          cluster.network().conditions().slow(old, aside.id(), slow);
          Offices.handOver(office, heir);
          await(
              () ->
                  !office.isHeldIn(term)
                      || LogMatching.stateOf(office.leader()).leadershipTransferState() != null,
              300 * VirtualTime.MILLI,
              () -> {
                cluster.network().cut(heir.id(), old);
                await(
                    () -> offices.successor(office.group(), term) != null,
                    300 * VirtualTime.MILLI,
                    () -> comeBackWithoutSpace(aside, heir));
              });
        });
    later.after(
        2 * VirtualTime.SECOND,
        () -> {
          aside.spaceAgain();
          mend(old, followers);
          mend(heir.id(), List.of(aside));
        });
  }

  private void comeBackWithoutSpace(SimulatedMachine aside, SimulatedMachine heir) {
    if (aside.isUp()) {
      aside.crash(false);
    }
    cutOff(List.of(heir), aside);
    aside.leaveFree(SimulatedMachine.MIN_FREE_BYTES / 3);
    later.after(random.nextLong(5 * VirtualTime.MILLI), () -> start(aside));
  }

  private void deafen(String from, String to, boolean late) {
    if (late || random.nextInt(3) == 0) {
      long extra = (100 + random.nextInt(600)) * VirtualTime.MILLI;
      cluster.network().conditions().slow(from, to, extra);
    } else {
      cluster.network().cut(from, to);
    }
  }

  private void dropOut(List<SimulatedMachine> followers) {
    SimulatedMachine one = followers.get(random.nextInt(followers.size()));
    switch (random.nextInt(6)) {
      case 0 -> kill(one, random.nextLong(2 * VirtualTime.SECOND));
      case 1 -> {
        one.leaveFree(SimulatedMachine.MIN_FREE_BYTES / 3);
        later.after(VirtualTime.SECOND, one::spaceAgain);
      }
      default -> {}
    }
  }

  void mend(String node, List<SimulatedMachine> others) {
    for (SimulatedMachine other : others) {
      cluster.network().heal(node, other.id());
      cluster.network().heal(other.id(), node);
    }
  }

  /**
   * With one follower, whose answers take seconds from now on, a leader is cut off from the others.
   * They elect another leader, who replaces what the two have. Then the first one is joined to them
   * again and gets its office back, and the answers of its former term arrive.
   */
  private void lateAnswers(
      Offices.Office office, SimulatedMachine slow, List<SimulatedMachine> followers) {
    String old = office.machine().id();
    int term = office.leader().term();
    List<SimulatedMachine> others = new ArrayList<>(followers);
    others.remove(slow);
    long delay = VirtualTime.SECOND + random.nextLong(2 * VirtualTime.SECOND);
    cluster.network().conditions().slow(slow.id(), old, delay);
    later.after(
        random.nextLong(50 * VirtualTime.MILLI),
        () -> others.forEach(each -> cutOff(List.of(office.machine(), slow), each)));
    await(
        () -> offices.successor(office.group(), term) != null,
        3 * VirtualTime.SECOND,
        () -> {
          mend(slow.id(), others);
          mend(old, others);
          later.after(
              random.nextLong(500 * VirtualTime.MILLI),
              () -> {
                Offices.Office successor = offices.successor(office.group(), term);
                if (successor != null) {
                  Offices.handOver(successor, office.machine());
                }
              });
        });
    later.after(5 * VirtualTime.SECOND, () -> mend(old, followers));
  }

  void cutOff(List<SimulatedMachine> ones, SimulatedMachine other) {
    for (SimulatedMachine one : ones) {
      cluster.network().cut(one.id(), other.id());
      cluster.network().cut(other.id(), one.id());
    }
  }

  /**
   * What a follower says does not arrive for a while, perhaps until it has taken a snapshot of what
   * it could not acknowledge, and is lost with the connection then.
   */
  private void lostAnswers(Offices.Office office, SimulatedMachine follower) {
    SimulatedMachine leader = office.machine();
    cluster.network().cut(follower.id(), leader.id());
    boolean untilSnapshot = random.nextBoolean();
    await(
        () -> untilSnapshot && hasCompactedWhatIsUnacknowledged(office, follower),
        (untilSnapshot ? 2_000 : 50 + random.nextInt(600)) * VirtualTime.MILLI,
        () -> {
          cluster.network().loseAll(follower.id(), leader.id());
          if (random.nextInt(4) == 0) {
            kill(follower, random.nextLong(300 * VirtualTime.MILLI));
          }
          cluster.network().heal(follower.id(), leader.id());
        });
  }

  private boolean hasCompactedWhatIsUnacknowledged(
      Offices.Office office, SimulatedMachine follower) {
    ReplicaEndpoint voter = Offices.voter(office, follower);
    for (Replica replica : Offices.replicas(follower)) {
      if (voter != null && replica.self().equals(voter) && replica.group() == office.group()) {
        long believed = office.leader().acknowledgedBy(voter) + largeLag;
        if (replica.snapshotIndex() > believed) {
          return true;
        }
        if (replica.commitIndex() > believed) {
          Offices.takeSnapshot(follower, replica);
        }
      }
    }
    return false;
  }

  /**
   * A machine is cut off until the others' snapshots are ahead of it. Then they may be started
   * again, one after the other; or its own disk may be slow and it dies while it installs.
   */
  private void laggard(SimulatedMachine machine) {
    List<SimulatedMachine> others = new ArrayList<>(cluster.machines());
    others.remove(machine);
    others.forEach(each -> cutOff(List.of(machine), each));
    await(
        () -> isLeftBehind(machine),
        (1 + random.nextInt(3)) * VirtualTime.SECOND,
        () -> {
          if (random.nextInt(4) == 0) {
            long at = 0;
            for (SimulatedMachine each : others) {
              later.after(at, () -> kill(each, 10 * VirtualTime.MILLI));
              at += random.nextLong(300 * VirtualTime.MILLI);
            }
          } else if (random.nextInt(4) != 0) {
            dieInstalling(machine);
          }
          later.after(random.nextLong(800 * VirtualTime.MILLI), () -> mend(machine.id(), others));
        });
  }

  /** Its disk may get slow in the moment in which a foreign snapshot has replaced the state. */
  private void dieInstalling(SimulatedMachine machine) {
    await(
        () -> Phase.isInstalling(machine),
        4 * VirtualTime.SECOND,
        () -> {
          SimulatedProcess process = machine.process();
          if (process == null || !process.isAlive()) {
            return;
          }
          if (random.nextInt(4) != 0) {
            machine.slowDisk();
            later.after(VirtualTime.SECOND, machine::fastDisk);
          }
          boolean powerCut = random.nextInt(4) != 0;
          int points = 1 + random.nextInt(2 << random.nextInt(9));
          process.killAt(SimulatedProcess.Moment.INSTALL, points, powerCut);
          restartOnceDown(machine, 8);
        });
  }

  private void restartOnceDown(SimulatedMachine machine, int looks) {
    later.after(
        random.nextLong(VirtualTime.SECOND),
        () -> {
          if (!machine.isUp()) {
            start(machine);
          } else if (looks > 0) {
            restartOnceDown(machine, looks - 1);
          }
        });
  }

  /** Whether some leader's next snapshot is all that can bring the machine up to date. */
  boolean isLeftBehind(SimulatedMachine machine) {
    for (Replica mine : Offices.replicas(machine)) {
      Offices.Office office = offices.successor(mine.group(), 0);
      if (office == null || office.machine() == machine) {
        continue;
      }
      if (office.leader().snapshotIndex() > mine.lastIndex() + largeLag) {
        return true;
      }
      if (office.leader().commitIndex() > mine.lastIndex() + 2L * largeLag) {
        Offices.takeSnapshot(office.machine(), office.leader());
      }
    }
    return false;
  }

  /**
   * Each follower stands still for a while, about as long as a follower waits for its leader. Then
   * the leader dies for longer than an election takes.
   */
  private void rollingPause(Offices.Office office, List<SimulatedMachine> followers) {
    long at = 0;
    for (SimulatedMachine each : followers) {
      long pause = (500 + random.nextInt(700)) * VirtualTime.MILLI;
      later.after(at, () -> pause(each, pause));
      at += pause + random.nextLong(400 * VirtualTime.MILLI);
    }
    later.after(
        at + random.nextLong(500 * VirtualTime.MILLI),
        () -> kill(office.machine(), 6 * VirtualTime.SECOND + random.nextLong(VirtualTime.SECOND)));
  }

  private void pause(SimulatedMachine machine, long nanos) {
    SimulatedProcess process = machine.process();
    if (process != null && process.isAlive()) {
      process.loop().pause();
      later.after(
          nanos,
          () -> {
            if (process.isAlive()) {
              process.loop().resume();
            }
          });
    }
  }

  void kill(SimulatedMachine machine, long downNanos) {
    if (machine.isUp()) {
      machine.crash(random.nextInt(4) == 0);
    }
    later.after(downNanos, () -> start(machine));
  }

  static void start(SimulatedMachine machine) {
    if (!machine.isUp() && machine.diskMayFail()) {
      machine.healDisk();
    }
    machine.start();
  }

  void await(BooleanSupplier condition, long patience, Runnable then) {
    if (condition.getAsBoolean() || patience <= 0) {
      then.run();
    } else {
      later.after(STEP, () -> await(condition, patience - STEP, then));
    }
  }

  /** Makes some machine enter the phase soon, if it can be done. */
  void bringAbout(Phase phase, SimulatedMachine near) {
    Offices.@Nullable Office office = null;
    List<Offices.Office> held = offices.preferablyOn(near);
    if (!held.isEmpty()) {
      office = held.get(random.nextInt(held.size()));
    }
    List<SimulatedMachine> followers = office == null ? List.of() : offices.followers(office);
    switch (phase) {
      case RECOVERY -> kill(near, random.nextLong(50 * VirtualTime.MILLI));
      case SNAPSHOT_INSTALL ->
          laggardOf(followers.isEmpty() ? near : followers.get(random.nextInt(followers.size())));
      case MEMBERSHIP -> {
        if (cluster.scenario().replicas() >= 3 && cluster.hasAllVoters()) {
          near.loseDisk();
          later.after(10 * VirtualTime.MILLI, () -> start(near));
        }
      }
      case SNAPSHOT_TAKING -> Offices.replicas(near).forEach(r -> Offices.takeSnapshot(near, r));
      case ELECTION, TRANSFER -> {
        if (office != null && !followers.isEmpty()) {
          SimulatedMachine heir = followers.get(random.nextInt(followers.size()));
          if (phase == Phase.ELECTION && random.nextBoolean()) {
            pause(office.machine(), 900 * VirtualTime.MILLI);
          } else {
            Offices.handOver(office, heir);
          }
        }
      }
      case STEADY -> {}
    }
  }

  /** As {@link #laggard}, but nobody dies, and the snapshot takes its time on the wire. */
  private void laggardOf(SimulatedMachine machine) {
    List<SimulatedMachine> others = new ArrayList<>(cluster.machines());
    others.remove(machine);
    others.forEach(each -> cutOff(List.of(machine), each));
    long slow = (1 + random.nextInt(15)) * VirtualTime.MILLI;
    await(
        () -> isLeftBehind(machine),
        2 * VirtualTime.SECOND,
        () -> {
          mend(machine.id(), others);
          others.forEach(
              each -> cluster.network().conditions().slow(each.id(), machine.id(), slow));
          later.after(2 * VirtualTime.SECOND, () -> mend(machine.id(), others));
        });
  }
}
