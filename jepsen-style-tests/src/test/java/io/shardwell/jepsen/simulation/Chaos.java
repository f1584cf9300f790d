package io.shardwell.jepsen.simulation;

import io.shardwell.storage.MemoryDisk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Injects the scenario's faults at random moments, and takes most of them back after a while.
 *
 * <p>Each injection has a number, a moment and a randomness of its own, drawn from the schedule
 * whether it is injected or left out: leaving one out changes nothing about the plan of the others.
 * That is what {@link Shrinker} builds on.
 */
final class Chaos {
  /** Every 50 us, so for 50 ms at most. */
  private static final int LOOKS_FOR_A_SYNC = 1_000;

  private final SimulatedCluster cluster;

  /** What an injection may wait for; the other moments come by themselves. */
  private static final List<Phase> RARE =
      Arrays.stream(Phase.values()).filter(phase -> phase != Phase.STEADY).toList();

  /** What a storm aims at; recovery comes with every crash anyway. */
  private static final List<Phase> STORMY =
      List.of(
          Phase.ELECTION,
          Phase.TRANSFER,
          Phase.TRANSFER,
          Phase.TRANSFER,
          Phase.SNAPSHOT_TAKING,
          Phase.SNAPSHOT_TAKING,
          Phase.SNAPSHOT_INSTALL,
          Phase.SNAPSHOT_INSTALL,
          Phase.SNAPSHOT_INSTALL,
          Phase.SNAPSHOT_INSTALL,
          Phase.MEMBERSHIP,
          Phase.MEMBERSHIP,
          Phase.MEMBERSHIP,
          Phase.RECOVERY);

  /** Injections of a storm that wait for the same phase. */
  private static final int IN_ONE_PHASE = 4;

  /** Of 20 ms each. */
  private static final int MOST_LOOKS = 150;

  private static final long SHORT_WHILE = 400 * VirtualTime.MILLI;

  /** The case of {@link #crash} that waits for nothing. */
  private static final int AT_ONCE = 7;

  /** Every millisecond. */
  private static final int LOOKS_FOR_A_PHASE = 2_000;

  /** Draws the moments, kinds and seeds of the injections, and nothing else. */
  private final Random schedule;

  /** Of the injection that is being done, or whose later part runs. */
  private Random random = new Random(0);

  private int injections;
  private final List<Fault> kinds;
  private final FaultTable injected = new FaultTable();
  private final Aims aims;
  private Phase stormPhase = Phase.ELECTION;
  private int looksForReady;
  private boolean stopped;

  Chaos(SimulatedCluster cluster) {
    this.cluster = cluster;
    this.schedule = cluster.nextRandom();
    this.kinds = cluster.scenario().faults().stream().sorted().toList();
    this.aims = new Aims(cluster, this::strike);
  }

  FaultTable injected() {
    return injected;
  }

  void start() {
    if (!kinds.isEmpty()) {
      cluster.afterTurns(process -> aims.turnEnded(process.machine()));
      later(VirtualTime.SECOND, this::next);
    }
  }

  void stop() {
    stopped = true;
  }

  private void next() {
    boolean mostly = injections % (4 * IN_ONE_PHASE) != 0;
    if (cluster.scenario().storm() && mostly && looksForReady < MOST_LOOKS && !isReady()) {
      // Rare phases are those of a cluster that works; most of the time it may become one first.
      looksForReady++;
      later(20 * VirtualTime.MILLI, this::next);
      return;
    }
    looksForReady = 0;
    Fault fault = kinds.get(schedule.nextInt(kinds.size()));
    random = new Random(schedule.nextLong());
    int number = ++injections;
    cluster.injection(number);
    // Half of the stories go undisturbed; whether this one does hangs on its own randomness.
    boolean alone = fault.isStory() && !cluster.scenario().storm() && random.nextBoolean();
    long undisturbed = alone ? Stories.nanosOf(fault) : 0;
    if (!cluster.scenario().leftOut().contains(number)) {
      if (cluster.scenario().storm()) {
        aim(number, fault);
      } else if (cluster.scenario().steered() && random.nextBoolean()) {
        Phase phase = RARE.get(random.nextInt(RARE.size()));
        waitFor(phase, LOOKS_FOR_A_PHASE, number, fault);
      } else {
        boolean unused = inject(number, fault, any(), false);
      }
    }
    later(undisturbed + untilNext(), this::next);
  }

  private long untilNext() {
    if (!cluster.scenario().storm()) {
      return 100 * VirtualTime.MILLI + schedule.nextLong(2 * VirtualTime.SECOND);
    }
    return injections % IN_ONE_PHASE == 0
        ? 50 * VirtualTime.MILLI + schedule.nextLong(500 * VirtualTime.MILLI)
        : schedule.nextLong(20 * VirtualTime.MILLI);
  }

  /** A few injections in a row wait for the same phase, which is brought about for them. */
  private void aim(int number, Fault fault) {
    if (number % IN_ONE_PHASE == 1) {
      stormPhase = STORMY.get(random.nextInt(STORMY.size()));
      if (!Phase.of(cluster.machines()).contains(stormPhase)) {
        stories().bringAbout(stormPhase, any());
      }
    }
    aims.add(stormPhase, number, fault, random);
  }

  private boolean isReady() {
    return injections % IN_ONE_PHASE != 0 || cluster.allReady();
  }

  /** Strikes where the phase is; after so many looks in vain, anywhere. */
  private void waitFor(Phase phase, int looks, int number, Fault fault) {
    List<SimulatedMachine> there =
        cluster.machines().stream().filter(m -> Phase.at(m).contains(phase)).toList();
    if (!there.isEmpty()) {
      SimulatedMachine machine = there.get(random.nextInt(there.size()));
      boolean unused = inject(number, fault, machine, true);
    } else if (looks > 0) {
      later(VirtualTime.MILLI, () -> waitFor(phase, looks - 1, number, fault));
    } else {
      boolean unused = inject(number, fault, any(), false);
    }
  }

  /** What a storm's injection does when its phase is there. */
  private boolean strike(
      SimulatedMachine machine, int number, Fault fault, Random ofThisInjection, boolean aimed) {
    if (stopped || !canStrike(fault)) {
      return false;
    }
    random = ofThisInjection;
    return inject(number, fault, machine, aimed);
  }

  private boolean canStrike(Fault fault) {
    if (fault == Fault.LOST_DISK) {
      return cluster.scenario().replicas() >= 3 && cluster.hasAllVoters();
    }
    return !fault.isStory() || stories().canBegin();
  }

  private Stories stories() {
    return new Stories(cluster, this::later, random);
  }

  private void later(long delayNanos, Runnable task) {
    Random ofThisInjection = random;
    cluster
        .time()
        .after(
            delayNanos,
            () -> {
              if (!stopped) {
                random = ofThisInjection;
                task.run();
              }
            });
  }

  private long aWhile() {
    if (cluster.scenario().storm()) {
      return random.nextLong(random.nextInt(8) == 0 ? 3 * VirtualTime.SECOND : SHORT_WHILE);
    }
    return random.nextInt(4) == 0
        ? random.nextLong(8 * VirtualTime.SECOND)
        : random.nextLong(VirtualTime.SECOND);
  }

  private SimulatedMachine any() {
    return cluster.machines().get(random.nextInt(cluster.machines().size()));
  }

  private SimulatedMachine otherThan(SimulatedMachine one) {
    SimulatedMachine other = any();
    while (other == one) {
      other = any();
    }
    return other;
  }

  /** Whether it did anything: a process that is dead already cannot be killed. */
  private boolean inject(int number, Fault fault, SimulatedMachine machine, boolean aimed) {
    Set<Phase> phases = Phase.of(cluster.machines());
    cluster.time().trace(fault.name().hashCode());
    cluster.mark("fault " + number + ": " + fault + ", perhaps at " + machine.id());
    boolean struck = strike(fault, machine, aimed);
    if (struck) {
      injected.add(fault, phases);
    }
    return struck;
  }

  private boolean strike(Fault fault, SimulatedMachine machine, boolean aimed) {
    return switch (fault) {
      case KILL -> crash(machine, false, aimed);
      case POWER_CUT -> crash(machine, true, aimed);
      case RESTART -> restart(machine);
      case PAUSE -> pause(machine);
      case LOST_DISK -> loseDisk(machine);
      case HAND_OVER, LATE_ANSWERS, LOST_ANSWERS, LAGGARD, ROLLING_PAUSE ->
          stories().tell(fault, machine);
      default -> {
        strikeAnyway(fault, machine, aimed);
        yield true;
      }
    };
  }

  private void strikeAnyway(Fault fault, SimulatedMachine machine, boolean aimed) {
    switch (fault) {
      case KILL_ALL -> crashAll(aimed ? 0 : LOOKS_FOR_A_SYNC, false);
      case POWER_CUT_ALL -> crashAll(aimed ? 0 : LOOKS_FOR_A_SYNC, true);
      case CRASH_IN_RECOVERY -> crashInRecovery(machine);
      case ISOLATE -> isolate(machine, aWhile());
      case ONE_WAY_CUT -> cutFor(machine.id(), otherThan(machine).id(), aWhile());
      case PARTIAL_CUT -> partialCut();
      case SWIZZLE -> swizzle();
      case BREAK_LINKS -> cluster.network().breakOne(machine.id(), otherThan(machine).id());
      case SLOW_LINK -> slowLink(machine.id(), otherThan(machine).id());
      case SLOW_DISK -> {
        machine.slowDisk();
        later(aWhile(), machine::fastDisk);
      }
      case FAILING_DISK -> failDisk(machine);
      case DISK_NEARLY_FULL -> {
        long free = SimulatedMachine.MIN_FREE_BYTES / 2;
        machine.leaveFree(free + random.nextLong(free * 5 / 4));
        later(aWhile(), machine::spaceAgain);
      }
      case DISK_FULL -> fillDisk(machine);
      case CLOCK_JUMP -> machine.clock().offsetMillis = random.nextLong(401) - 200;
      default -> throw new IllegalArgumentException(fault.toString());
    }
  }

  private boolean crash(SimulatedMachine machine, boolean powerCut, boolean aimed) {
    SimulatedProcess process = machine.process();
    if (process == null || !process.isAlive()) {
      return false;
    }
    // Between any two steps: also in the middle of a turn, between two sends.
    int points = 1 + random.nextInt(aimed ? 3 : 20);
    // What was aimed at is over soon: do not wait for something else.
    switch (aimed ? AT_ONCE : random.nextInt(8)) {
      case 0 -> process.killAt(SimulatedProcess.Moment.INSTALL, 1 + points / 4, powerCut);
      case 1 -> process.killAt(SimulatedProcess.Moment.SNAPSHOT, points, powerCut);
      case 2, 3, 4 -> process.killAt(SimulatedProcess.Moment.SYNC, points, powerCut);
      default -> process.killAt(SimulatedProcess.Moment.ANY, points, powerCut);
    }
    later(aWhile(), () -> restartIfDown(machine));
    return true;
  }

  private void restartIfDown(SimulatedMachine machine) {
    if (!machine.isUp()) {
      if (machine.diskMayFail()) {
        machine.healDisk();
      }
      machine.start();
    } else {
      // Not dead yet (paused, or idle): look again.
      later(aWhile(), () -> restartIfDown(machine));
    }
  }

  /** Mostly when a disk works, so that there is something to tear. */
  private void crashAll(int looks, boolean powerCut) {
    boolean somebodySyncs =
        cluster.machines().stream()
            .map(SimulatedMachine::process)
            .anyMatch(process -> process != null && process.isSyncing());
    if (looks > 0 && !somebodySyncs) {
      later(50 * VirtualTime.MICRO, () -> crashAll(looks - 1, powerCut));
      return;
    }
    for (SimulatedMachine machine : cluster.machines()) {
      if (machine.isUp()) {
        machine.crash(powerCut);
      }
      later(aWhile(), () -> restartIfDown(machine));
    }
  }

  private void crashInRecovery(SimulatedMachine machine) {
    if (machine.isUp()) {
      machine.crash(random.nextBoolean());
    }
    machine.dieInNextStart(random.nextInt(30));
    later(
        random.nextLong(VirtualTime.SECOND),
        () -> {
          machine.start();
          later(aWhile(), () -> mendAndRestart(machine));
        });
  }

  private void mendAndRestart(SimulatedMachine machine) {
    machine.healDisk();
    machine.start();
  }

  private boolean restart(SimulatedMachine machine) {
    SimulatedProcess process = machine.process();
    if (process == null || !process.isAlive()) {
      return false;
    }
    process.stop();
    later(aWhile(), () -> restartIfDown(machine));
    return true;
  }

  private boolean pause(SimulatedMachine machine) {
    SimulatedProcess process = machine.process();
    if (process == null || !process.isAlive()) {
      return false;
    }
    process.loop().pause();
    later(
        random.nextLong(3 * VirtualTime.SECOND),
        () -> {
          if (process.isAlive()) {
            process.loop().resume();
          }
        });
    return true;
  }

  private void cutFor(String from, String to, long nanos) {
    cluster.network().cut(from, to);
    cluster.tell("cut " + from + " > " + to + " for " + nanos / VirtualTime.MILLI + " ms");
    later(nanos, () -> cluster.network().heal(from, to));
  }

  private void isolate(SimulatedMachine machine, long nanos) {
    for (SimulatedMachine other : cluster.machines()) {
      if (other != machine) {
        cutFor(machine.id(), other.id(), nanos);
        cutFor(other.id(), machine.id(), nanos);
      }
    }
  }

  private void partialCut() {
    long nanos = aWhile();
    for (SimulatedMachine one : cluster.machines()) {
      for (SimulatedMachine other : cluster.machines()) {
        if (one != other && random.nextInt(3) == 0) {
          cutFor(one.id(), other.id(), nanos);
        }
      }
    }
  }

  private void swizzle() {
    List<SimulatedMachine> order = new ArrayList<>(cluster.machines());
    Collections.shuffle(order, random);
    long total = VirtualTime.SECOND + random.nextLong(4 * VirtualTime.SECOND);
    for (SimulatedMachine machine : order) {
      long begin = random.nextLong(total);
      later(begin, () -> isolate(machine, random.nextLong(total)));
    }
  }

  private void slowLink(String from, String to) {
    // Sometimes so slow that an answer arrives after another leader's time, or two.
    long most = random.nextInt(4) == 0 ? 4 * VirtualTime.SECOND : 400 * VirtualTime.MILLI;
    cluster.network().conditions().slow(from, to, random.nextLong(most));
    later(aWhile(), () -> cluster.network().heal(from, to));
  }

  private void fillDisk(SimulatedMachine machine) {
    machine.fillDisk(random.nextLong(64 << 10));
    later(
        aWhile(),
        () -> {
          machine.healDisk();
          restartIfDown(machine);
        });
  }

  private void failDisk(SimulatedMachine machine) {
    machine.failDisk(random.nextBoolean() ? MemoryDisk.Operation.WRITE : MemoryDisk.Operation.SYNC);
    later(aWhile(), () -> restartIfDown(machine));
  }

  private boolean loseDisk(SimulatedMachine machine) {
    if (cluster.scenario().replicas() < 3 || !cluster.hasAllVoters()) {
      return false;
    }
    cluster.tell(machine.id() + " loses its disk");
    machine.loseDisk();
    later(aWhile(), () -> restartIfDown(machine));
    return true;
  }
}
