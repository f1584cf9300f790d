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
  private final SimulatedMachine machine;
  private final SimulatedEventLoop loop;
  private final SimulatedPeerBus bus;
  private @Nullable Engine engine;
  private @Nullable NodeStorage storage;
  private boolean alive = true;

  // Crash points until the process is killed; 0: none is planned.
  private int pointsToLive;
  private boolean dieWithPowerCut;

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
  }

  @Override
  public void crashPoint() {
    if (alive && pointsToLive > 0 && --pointsToLive == 0) {
      machine.crash(dieWithPowerCut);
    }
  }

  @Override
  public void endTurn() {
    Engine running = engine;
    if (running != null) {
      running.endTurn();
      crashPoint();
      if (alive) {
        machine.surroundings().turnEnded(this);
      }
    }
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
    machine.surroundings().violation(machine.id() + " threw " + cause, cause);
    machine.crash(false);
  }

  @Override
  public void fault(String what, @Nullable Throwable cause) {
    if (alive) {
      if (!machine.diskMayFail()) {
        machine.surroundings().violation(machine.id() + " reports a fault: " + what, cause);
      }
      machine.crash(machine.random().nextBoolean());
    }
    throw new SimulatedEventLoop.ProcessDeath();
  }
}
