package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.InboundLink;
import io.shardwell.storage.FaultHandler;
import io.shardwell.storage.NodeStorage;
import java.util.Objects;
import java.util.Random;
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

  @Override
  public void execute(Runnable task) {
    loop.execute(task);
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
  }

  /** As above, but only steps at such moments count. */
  void killAt(Moment newMoment, int crashPoints, boolean powerCut) {
    killAfter(crashPoints, powerCut);
    moment = newMoment;
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

  @Override
  public void crashPoint() {
    if (alive && pointsToLive > 0 && isAt(moment) && --pointsToLive == 0) {
      machine.crash(dieWithPowerCut);
    }
  }

  @Override
  public void endTurn() {
    Engine running = engine;
    if (running != null) {
      running.endTurn();
      wasReady = wasReady || running.isReady();
      crashPoint();
      if (alive) {
        machine.surroundings().turnEnded(this);
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
