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

  /** Most of what a storm does is taken back so soon. */
  private static final long SHORT_WHILE = 150 * VirtualTime.MILLI;

  /** Space is measured once in a second: what lasts longer is noticed. */
  private static final long UNTIL_SPACE_IS_MEASURED = 1_100 * VirtualTime.MILLI;

  private static final long MOST_WRONG_MILLIS = 3_600_000;

  /** When an injection takes effect, and so counts. */
  private enum Effect {
    /** It cannot do anything now: the process is dead, the wire is cut already. */
    NONE,
    NOW,
    /** It says so itself. */
    LATER
  }

  /** Of a process, in simulated nanoseconds; clients wait for it. */
  static final long LONGEST_PAUSE = 3 * VirtualTime.SECOND;

  /** Every millisecond. */
  private static final int LOOKS_FOR_A_PHASE = 2_000;

  /** Draws the moments, kinds and seeds of the injections, and nothing else. */
  private final Random schedule;

  /** Of the injection that is being done, or whose later part runs. */
  private Random random = new Random(0);

  private int injections;
  private final List<Fault> kinds;
  private final CountTable<Fault, Phase> injected = new CountTable<>(Fault.class, Phase.class);
  private boolean stopped;

  Chaos(SimulatedCluster cluster) {
    this.cluster = cluster;
    this.schedule = cluster.nextRandom();
    this.kinds = cluster.scenario().faults().stream().sorted().toList();
  }

  CountTable<Fault, Phase> injected() {
    return injected;
  }

  void start() {
    if (kinds.isEmpty()) {
      return;
    }
    if (cluster.scenario().storm()) {
      new Storm(cluster, this, schedule).start(kinds);
    } else {
      later(VirtualTime.SECOND, this::next);
    }
  }

  void stop() {
    stopped = true;
  }

  private void next() {
    Fault fault = kinds.get(schedule.nextInt(kinds.size()));
    random = new Random(schedule.nextLong());
    int number = nextNumber();
    // Half of the stories go undisturbed; whether this one does hangs on its own randomness.
    boolean alone = fault.isStory() && random.nextBoolean();
    long undisturbed = alone ? Stories.nanosOf(fault) : 0;
    if (!isLeftOut(number)) {
      if (cluster.scenario().steered() && random.nextBoolean()) {
        Phase phase = RARE.get(random.nextInt(RARE.size()));
        waitFor(phase, LOOKS_FOR_A_PHASE, number, fault);
      } else {
        boolean unused = inject(number, fault, any(), false);
      }
    }
    long untilNext = 100 * VirtualTime.MILLI + schedule.nextLong(2 * VirtualTime.SECOND);
    later(undisturbed + untilNext, this::next);
  }

  /** The number of an injection that comes up. */
  int nextNumber() {
    cluster.injection(++injections);
    return injections;
  }

  boolean isLeftOut(int number) {
    return cluster.scenario().leftOut().contains(number);
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
  boolean strike(
      SimulatedMachine machine, int number, Fault fault, Random ofThisInjection, boolean aimed) {
    if (stopped || !canStrike(fault, machine)) {
      return false;
    }
    random = ofThisInjection;
    return inject(number, fault, machine, aimed);
  }

  private boolean canStrike(Fault fault, SimulatedMachine machine) {
    return switch (fault) {
      case LOST_DISK -> cluster.bearsALostDisk();
      case CRASH_IN_RECOVERY -> machine.isUp();
      default -> !fault.isStory() || stories().canBegin();
    };
  }

  /**
   * Takes back what there is to take back at once, but for disks that are about to fail: their
   * processes are expected to halt.
   */
  void mend() {
    cluster.network().heal();
    for (SimulatedMachine machine : cluster.machines()) {
      SimulatedProcess process = machine.process();
      if (process == null || !process.isAlive()) {
        machine.healDisk();
        machine.start();
      } else {
        process.loop().resume();
        if (!machine.diskMayFail()) {
          machine.healDisk();
        }
      }
    }
  }

  /** Makes a phase begin soon, if it can be done. */
  void bringAbout(Phase phase, SimulatedMachine near, Random ofThisPhase) {
    random = ofThisPhase;
    stories().bringAbout(phase, near);
  }

  private Stories stories() {
    return new Stories(cluster, this::later, random);
  }

  /** Unless the faults are over by then. */
  void later(long delayNanos, Runnable task) {
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
      return random.nextLong(random.nextInt(16) == 0 ? 3 * VirtualTime.SECOND : SHORT_WHILE);
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
    Effect effect = strike(fault, machine, aimed);
    if (effect == Effect.NOW) {
      injected.add(fault, phases);
    }
    return effect != Effect.NONE;
  }

  /** What was injected before takes effect. */
  private void count(Fault fault) {
    injected.add(fault, Phase.of(cluster.machines()));
  }

  private static Effect now(boolean struck) {
    return struck ? Effect.NOW : Effect.NONE;
  }

  private Effect strike(Fault fault, SimulatedMachine machine, boolean aimed) {
    return switch (fault) {
      case KILL, POWER_CUT -> crash(fault, machine, aimed);
      case KILL_ALL, POWER_CUT_ALL -> crashAll(fault, aimed ? 0 : LOOKS_FOR_A_SYNC);
      case CRASH_IN_RECOVERY -> now(crashInRecovery(machine));
      case RESTART -> now(restart(machine));
      case PAUSE -> now(pause(machine));
      case ISOLATE -> now(isolate(machine, aWhile()));
      case ONE_WAY_CUT -> now(cutFor(machine.id(), otherThan(machine).id(), aWhile()));
      case PARTIAL_CUT -> now(partialCut());
      case SWIZZLE -> swizzle(machine);
      case BREAK_LINKS -> now(cluster.network().breakOne(machine.id(), otherThan(machine).id()));
      case SLOW_LINK -> now(slowLink(machine.id(), otherThan(machine).id()));
      case SLOW_DISK -> now(slowDisk(machine));
      case FAILING_DISK -> failDisk(machine);
      case DISK_NEARLY_FULL -> now(takeSpace(machine));
      case DISK_FULL -> now(fillDisk(machine));
      case CLOCK_JUMP -> now(jump(machine));
      case CLOCK_WRONG -> now(makeWrong());
      case LOST_DISK -> now(loseDisk(machine));
      case HAND_OVER,
          LATE_ANSWERS,
          LOST_ANSWERS,
          LAGGARD,
          ROLLING_PAUSE,
          MINORITY_LEADER,
          LOST_ELECTION,
          CUT_DOWNLOAD,
          SLOW_ELECTION,
          OVERTAKEN_CHANGE,
          FORMER_SELF,
          LOST_PROMOTION ->
          now(stories().tell(fault, machine));
    };
  }

  private boolean slowDisk(SimulatedMachine machine) {
    boolean wasFast = !machine.isDiskSlow();
    machine.slowDisk();
    later(aWhile(), machine::fastDisk);
    return wasFast;
  }

  private boolean takeSpace(SimulatedMachine machine) {
    long free = SimulatedMachine.MIN_FREE_BYTES / 2;
    machine.leaveFree(free + random.nextLong(free * 5 / 4));
    later(untilNoticed(), machine::spaceAgain);
    return true;
  }

  /** For how long space is gone: in a storm long enough to be noticed. */
  private long untilNoticed() {
    long nanos = aWhile();
    return cluster.scenario().storm() ? Math.max(nanos, UNTIL_SPACE_IS_MEASURED) : nanos;
  }

  private boolean jump(SimulatedMachine machine) {
    return machine.clock().jump(random);
  }

  /**
   * Always of the same machine: what others remember of clocks, of dead nodes too, may be old, and
   * nobody can tell the time where most of the clocks that one remembers are wrong.
   */
  private boolean makeWrong() {
    SimulatedMachine machine =
        cluster.machines().get(Math.floorMod(cluster.scenario().seed(), cluster.machines().size()));
    if (machine.clock().isWrong()) {
      return false;
    }
    // Of all sizes: what is wrong by seconds does other harm than what is wrong by an hour.
    long most = MOST_WRONG_MILLIS >> random.nextInt(12);
    long millis = most / 2 + random.nextLong(most / 2);
    millis = random.nextBoolean() ? millis : -millis;
    machine.clock().goWrong(millis);
    cluster.tell(machine.id() + "'s clock is wrong by " + millis + " ms");
    later(aWhile(), machine.clock()::putRight);
    return true;
  }

  private Effect crash(Fault fault, SimulatedMachine machine, boolean aimed) {
    SimulatedProcess process = machine.process();
    if (process == null || !process.isAlive()) {
      return Effect.NONE;
    }
    boolean powerCut = fault == Fault.POWER_CUT;
    // Between any two steps: also in the middle of a turn, between two sends.
    int points = 1 + random.nextInt(aimed ? 3 : 20);
    if (aimed) {
      crashSoon(process, points, powerCut);
    } else {
      switch (random.nextInt(8)) {
        case 0 -> process.killAt(SimulatedProcess.Moment.INSTALL, 1 + points / 4, powerCut);
        case 1 -> process.killAt(SimulatedProcess.Moment.SNAPSHOT, points, powerCut);
        case 2, 3, 4 -> process.killAt(SimulatedProcess.Moment.SYNC, points, powerCut);
        default -> process.killAt(SimulatedProcess.Moment.ANY, points, powerCut);
      }
    }
    process.uponDeath(() -> count(fault));
    later(aWhile(), () -> restartIfDown(machine));
    return Effect.LATER;
  }

  /** What was aimed at is over soon, so it waits for no more than the kind of the step. */
  private void crashSoon(SimulatedProcess process, int points, boolean powerCut) {
    Crash.Step[] steps = Crash.Step.ofATurn();
    int step = random.nextInt(2 * steps.length);
    if (step < steps.length) {
      process.killAt(steps[step], 1, powerCut);
    } else {
      process.killAt(SimulatedProcess.Moment.ANY, points, powerCut);
    }
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
  private Effect crashAll(Fault fault, int looks) {
    if (cluster.scenario().storm() && fault == Fault.KILL_ALL) {
      killEach();
      return Effect.LATER;
    }
    boolean somebodySyncs =
        cluster.machines().stream()
            .map(SimulatedMachine::process)
            .anyMatch(process -> process != null && process.isSyncing());
    if (looks > 0 && !somebodySyncs) {
      later(
          50 * VirtualTime.MICRO,
          () -> {
            Effect unused = crashAll(fault, looks - 1);
          });
      return Effect.LATER;
    }
    if (cluster.machines().stream().anyMatch(SimulatedMachine::isUp)) {
      count(fault);
    }
    boolean powerCut = fault == Fault.POWER_CUT_ALL;
    for (SimulatedMachine machine : cluster.machines()) {
      if (machine.isUp()) {
        machine.crash(powerCut);
      }
      later(aWhile(), () -> restartIfDown(machine));
    }
    return Effect.LATER;
  }

  /** Signals arrive one by one, each in the middle of something. It counts with the first death. */
  private void killEach() {
    boolean[] counted = new boolean[1];
    for (SimulatedMachine machine : cluster.machines()) {
      SimulatedProcess process = machine.process();
      if (process != null && process.isAlive()) {
        crashSoon(process, 1 + random.nextInt(3), false);
        process.uponDeath(
            () -> {
              if (!counted[0]) {
                counted[0] = true;
                count(Fault.KILL_ALL);
              }
            });
      }
      later(aWhile(), () -> restartIfDown(machine));
    }
  }

  private boolean crashInRecovery(SimulatedMachine machine) {
    boolean wasUp = machine.isUp();
    if (wasUp) {
      machine.crash(random.nextBoolean());
    }
    machine.dieInNextStart(random.nextInt(30));
    later(
        random.nextLong(VirtualTime.SECOND),
        () -> {
          machine.start();
          later(aWhile(), () -> mendAndRestart(machine));
        });
    return wasUp;
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
    boolean ran = !process.loop().isPaused();
    process.loop().pause();
    later(
        random.nextLong(LONGEST_PAUSE),
        () -> {
          if (process.isAlive()) {
            process.loop().resume();
          }
        });
    return ran;
  }

  /** Whether the wire was whole before. */
  private boolean cutFor(String from, String to, long nanos) {
    boolean wasOpen = cluster.network().conditions().isOpen(from, to);
    cluster.network().cut(from, to);
    later(nanos, () -> cluster.network().heal(from, to));
    return wasOpen;
  }

  private boolean isolate(SimulatedMachine machine, long nanos) {
    boolean cut = false;
    for (SimulatedMachine other : cluster.machines()) {
      if (other != machine) {
        cut |= cutFor(machine.id(), other.id(), nanos);
        cut |= cutFor(other.id(), machine.id(), nanos);
      }
    }
    return cut;
  }

  private boolean partialCut() {
    boolean cut = false;
    long nanos = aWhile();
    for (SimulatedMachine one : cluster.machines()) {
      for (SimulatedMachine other : cluster.machines()) {
        if (one != other && random.nextInt(3) == 0) {
          cut |= cutFor(one.id(), other.id(), nanos);
        }
      }
    }
    return cut;
  }

  /** The machine is the first; in a storm, which aims at what it does now, at once. */
  private Effect swizzle(SimulatedMachine machine) {
    boolean storm = cluster.scenario().storm();
    List<SimulatedMachine> order = new ArrayList<>(cluster.machines());
    Collections.shuffle(order, random);
    long total =
        storm
            ? SHORT_WHILE + random.nextLong(VirtualTime.SECOND)
            : VirtualTime.SECOND + random.nextLong(4 * VirtualTime.SECOND);
    boolean[] counted = new boolean[1];
    for (SimulatedMachine each : order) {
      long begin = random.nextLong(total);
      later(
          storm && each == machine ? 0 : begin,
          () -> {
            if (isolate(each, random.nextLong(total)) && !counted[0]) {
              counted[0] = true;
              count(Fault.SWIZZLE);
            }
          });
    }
    return Effect.LATER;
  }

  private boolean slowLink(String from, String to) {
    // Sometimes so slow that an answer arrives after another leader's time, or two.
    long most = random.nextInt(4) == 0 ? 4 * VirtualTime.SECOND : 400 * VirtualTime.MILLI;
    cluster.network().conditions().slow(from, to, random.nextLong(most));
    later(aWhile(), () -> cluster.network().heal(from, to));
    return true;
  }

  private boolean fillDisk(SimulatedMachine machine) {
    machine.fillDisk(random.nextLong(64 << 10));
    later(
        untilNoticed(),
        () -> {
          machine.healDisk();
          restartIfDown(machine);
        });
    return true;
  }

  private Effect failDisk(SimulatedMachine machine) {
    SimulatedProcess process = machine.process();
    if (process != null) {
      process.uponHalt(() -> count(Fault.FAILING_DISK));
    }
    machine.failDisk(random.nextBoolean() ? MemoryDisk.Operation.WRITE : MemoryDisk.Operation.SYNC);
    later(aWhile(), () -> restartIfDown(machine));
    return Effect.LATER;
  }

  private boolean loseDisk(SimulatedMachine machine) {
    if (!cluster.bearsALostDisk()) {
      return false;
    }
    cluster.tell(machine.id() + " loses its disk");
    machine.loseDisk();
    later(aWhile(), () -> restartIfDown(machine));
    return true;
  }
}
