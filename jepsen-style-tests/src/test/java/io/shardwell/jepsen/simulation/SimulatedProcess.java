package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.InboundLink;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.storage.FaultHandler;
import io.shardwell.storage.NodeStorage;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One life of a node: the real engine and storage between simulated clocks, sockets and disk. */
final class SimulatedProcess
    implements SimulatedEventLoop.Owner, SimulatedPeerBus.Owner, FaultHandler {
  /**
   * When a process is killed. What a crash tears is what was under way, and most of the time
   * nothing is.
   */
  enum Moment {
    ANY,
    /** A turn of the log is with the disk. */
    SYNC,
    /** A snapshot is being written, its own or a foreign one. */
    SNAPSHOT,
    /** A foreign snapshot has replaced the state and is not durable yet. */
    INSTALL
  }

  private final SimulatedMachine machine;
  private final SimulatedEventLoop loop;
  private final SimulatedPeerBus bus;
  private @Nullable Engine engine;
  private @Nullable NodeStorage storage;
  private boolean alive = true;
  private boolean wasReady;

  // Crash points until the process is killed; 0: none is planned.
  private int pointsToLive;
  private boolean dieWithPowerCut;
  private Moment moment = Moment.ANY;
  private Crash.@Nullable Step lastStep;
  private Runnable uponDeath = () -> {};
  private Runnable uponHalt = () -> {};

  /** Where it stands while it may be killed; otherwise it is within a task, or no turn runs. */
  private Crash.@Nullable Step step;

  private boolean stopped;

  SimulatedProcess(SimulatedMachine machine) {
    this.machine = machine;
    VirtualTime time = machine.surroundings().time();
    Random random = new Random(machine.random().nextLong());
    this.loop = new SimulatedEventLoop(time, random, machine.clock(), this);
    this.bus = new SimulatedPeerBus(machine.surroundings().network(), machine.id(), this);
  }

  void start(NodeStorage opened) {
    storage = opened;
    loop.execute(
        () -> {
          engine = new Engine(machine.config(), loop, bus, opened, this);
          machine
              .surroundings()
              .network()
              .listen(Objects.requireNonNull(machine.config().nodes().get(machine.id())), bus);
          engine.start();
          machine.blockingPartIsOver();
        });
  }

  SimulatedMachine machine() {
    return machine;
  }

  SimulatedEventLoop loop() {
    return loop;
  }

  /** Null until the first turn. */
  @Nullable Engine engine() {
    return engine;
  }

  @Override
  public boolean isAlive() {
    return alive;
  }

  /** Runs a task that somebody outside asked for. */
  void execute(Runnable task) {
    loop.execute(Crash.Step.REQUEST, task);
  }

  @Override
  public void executeForPeer(Runnable task) {
    loop.execute(Crash.Step.PEER, task);
  }

  /** Runs a completion of its disk. */
  void executeForDisk(Runnable task) {
    loop.execute(Crash.Step.DISK, task);
  }

  @Override
  public InboundLink accept(Runnable closeLink) {
    return Objects.requireNonNull(engine).accept(closeLink);
  }

  /** Kills the process after so many more steps, in the middle of a turn if need be. */
  void killAfter(int crashPoints, boolean powerCut) {
    // 0 takes a planned killing back.
    pointsToLive = crashPoints;
    dieWithPowerCut = powerCut;
    moment = Moment.ANY;
    lastStep = null;
    uponDeath = () -> {};
  }

  /** As above, but only steps at such moments count. */
  void killAt(Moment newMoment, int crashPoints, boolean powerCut) {
    killAfter(crashPoints, powerCut);
    moment = newMoment;
  }

  /** As {@link #killAfter}, but only steps of this kind count. */
  void killAt(Crash.Step newStep, int crashPoints, boolean powerCut) {
    killAfter(crashPoints, powerCut);
    lastStep = newStep;
  }

  /** The killing that is planned may be reported just before it takes place. */
  void uponDeath(Runnable report) {
    uponDeath = report;
  }

  /** A halt of its own may be reported just before it takes place. */
  void uponHalt(Runnable report) {
    uponHalt = report;
  }

  /** Whether it came to its end in an orderly way. */
  boolean isStopped() {
    return stopped;
  }

  /** Where it stands. */
  Crash.Step step() {
    if (step != null) {
      return step;
    }
    return engine == null ? Crash.Step.START : Crash.Step.BETWEEN_TURNS;
  }

  /** What goes on in it. */
  Set<Crash.UnderWay> underWay() {
    Set<Crash.UnderWay> found = EnumSet.noneOf(Crash.UnderWay.class);
    NodeStorage opened = storage;
    Engine running = engine;
    if (opened != null && opened.log().syncInFlight()) {
      found.add(Crash.UnderWay.SYNC);
    } else if (opened != null && opened.log().hasUnsynced()) {
      found.add(Crash.UnderWay.APPENDED);
    }
    if (running != null && takesSnapshot(running)) {
      found.add(Crash.UnderWay.SNAPSHOT);
    }
    if (isAt(Moment.INSTALL)) {
      found.add(Crash.UnderWay.INSTALL);
    }
    if (!wasReady) {
      found.add(Crash.UnderWay.RECOVERY);
    }
    if (found.isEmpty()) {
      found.add(Crash.UnderWay.IDLE);
    }
    return found;
  }

  private static boolean takesSnapshot(Engine running) {
    for (Object each : LogMatching.replicas(running)) {
      if (((Replica) each).takesSnapshot()) {
        return true;
      }
    }
    return false;
  }

  private boolean isAt(Moment asked) {
    Engine running = engine;
    return switch (asked) {
      case ANY -> true;
      case SYNC -> isSyncing();
      case SNAPSHOT -> running != null && LogMatching.writesSnapshot(running);
      case INSTALL -> running != null && LogMatching.installsSnapshot(running);
    };
  }

  /** Whether it has been ready at the end of some turn of this life. */
  boolean wasReady() {
    return wasReady;
  }

  /** Whether a turn of the log is with the disk. */
  boolean isSyncing() {
    NodeStorage opened = storage;
    return alive && opened != null && opened.log().syncInFlight();
  }

  /** A place where it may be killed: an answer to a client is about to leave. */
  void crashPoint() {
    crashPoint(Crash.Step.REPLY);
  }

  @Override
  public void beforeSend() {
    crashPoint(Crash.Step.SEND);
  }

  @Override
  public void crashPoint(Crash.Step here) {
    if (!alive || pointsToLive == 0 || (lastStep != null && lastStep != here) || !isAt(moment)) {
      return;
    }
    if (--pointsToLive == 0) {
      step = here;
      uponDeath.run();
      machine.crash(dieWithPowerCut);
    }
  }

  @Override
  public void endTurn() {
    Engine running = engine;
    if (running != null) {
      running.endTurn();
      wasReady = wasReady || running.isReady();
      crashPoint(Crash.Step.END);
      if (alive) {
        // Who looks at the end of a turn may kill it there.
        step = Crash.Step.END;
        machine.surroundings().turnEnded(this);
        step = null;
      }
    }
  }

  /** The log is durable up to here; 0 before it is opened. */
  long syncedPosition() {
    NodeStorage opened = storage;
    return opened == null ? 0 : opened.log().syncedPosition();
  }

  /** Orderly: hands over, syncs, closes. */
  void stop() {
    loop.execute(
        () -> {
          Engine running = engine;
          if (running == null) {
            machine.crash(false);
            return;
          }
          running.stop(
              () -> {
                Objects.requireNonNull(storage).close();
                stopped = true;
                machine.crash(false);
              });
        });
  }

  void die(boolean powerCut) {
    alive = false;
    machine.surroundings().network().processGone(bus, powerCut);
  }

  @Override
  public void died(Throwable cause) {
    machine.surroundings().violation(Check.ASSERTION, machine.id() + " threw " + cause, cause);
    machine.crash(false);
  }

  @Override
  public void fault(String what, @Nullable Throwable cause) {
    if (alive) {
      if (engine != null) {
        step = Crash.Step.OWN_HALT;
      }
      uponHalt.run();
      if (!machine.diskMayFail()) {
        machine
            .surroundings()
            .violation(Check.ASSERTION, machine.id() + " reports a fault: " + what, cause);
      }
      machine.crash(machine.random().nextBoolean());
    }
    throw new SimulatedEventLoop.ProcessDeath();
  }
}
