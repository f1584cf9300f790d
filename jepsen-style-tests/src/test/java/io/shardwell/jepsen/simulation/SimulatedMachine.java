package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.EngineConfig;
import io.shardwell.storage.MemoryDisk;
import io.shardwell.storage.NodeMetadata;
import io.shardwell.storage.NodeStorage;
import io.shardwell.storage.StorageLimits;
import java.io.IOException;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** What outlives a node's process: its name, its disk, its clocks. */
final class SimulatedMachine {
  /**
   * With less free on its disk a node stands aside: far more than what it can write then with the
   * simulation's small segments and snapshots.
   */
  static final long MIN_FREE_BYTES = 4 << 20;

  /** What the machines of a cluster share. */
  interface Surroundings {
    VirtualTime time();

    SimulatedNetwork network();

    StorageLimits storageLimits();

    /** Something that must never happen, happened. */
    void violation(Check check, String what, @Nullable Throwable cause);

    /** At the end of each of its turns. */
    void turnEnded(SimulatedProcess process);

    /** Before a process that lives is killed, loses power or halts. */
    void crashing(SimulatedProcess process);

    /** After the end of a process, planned or not. */
    void processEnded(SimulatedMachine machine);
  }

  private final Surroundings surroundings;
  private EngineConfig config;
  private final Random random;
  private final SimulatedEventLoop.MachineClock clock;
  private final MemoryDisk.Behaviour diskBehaviour = new MemoryDisk.Behaviour();
  private MemoryDisk disk;
  private @Nullable SimulatedProcess process;
  private int starts;
  private long incarnation;

  // The disk was told to fail, so the process is expected to halt.
  private boolean diskMayFail;
  private boolean diesInStart;
  private boolean diskIsSlow;

  SimulatedMachine(
      Surroundings surroundings,
      EngineConfig config,
      SimulatedEventLoop.MachineClock clock,
      Random random) {
    this.surroundings = surroundings;
    this.config = config;
    this.clock = clock;
    this.random = random;
    fastDisk();
    disk = new MemoryDisk(this::onDisk, new Random(random.nextLong()), diskBehaviour);
  }

  /** Completions of the disk belong to the process that asked. */
  private void onDisk(Runnable task, long delayNanos) {
    SimulatedProcess asking = process;
    surroundings
        .time()
        .after(
            delayNanos,
            () -> {
              if (asking != null && asking.isAlive()) {
                asking.executeForDisk(task);
              }
            });
  }

  void fastDisk() {
    diskIsSlow = false;
    diskBehaviour.latency(50 * VirtualTime.MICRO, 600 * VirtualTime.MICRO);
  }

  boolean isDiskSlow() {
    return diskIsSlow;
  }

  void slowDisk() {
    diskIsSlow = true;
    diskBehaviour.latency(5 * VirtualTime.MILLI, 300 * VirtualTime.MILLI);
  }

  /** Each sync takes as long as any other: slow, but no slower than an election can bear. */
  void evenDisk(long nanos) {
    diskIsSlow = false;
    diskBehaviour.latency(nanos, nanos);
  }

  void failDisk(MemoryDisk.Operation operation) {
    diskMayFail = true;
    diskBehaviour.failNext(operation);
  }

  /** The process dies inside its next start, if that takes so many steps on the disk. */
  void dieInNextStart(long steps) {
    diesInStart = true;
    diskMayFail = true;
    diskBehaviour.dieAfterSteps(steps);
  }

  void blockingPartIsOver() {
    if (diesInStart) {
      healDisk();
    }
  }

  /** Somebody else takes space, or gives some back: so many bytes are free now. */
  void leaveFree(long bytes) {
    spaceAgain();
    long used = Long.MAX_VALUE - disk.freeBytes();
    diskBehaviour.capacityBytes(used + bytes);
  }

  void spaceAgain() {
    diskBehaviour.capacityBytes(Long.MAX_VALUE);
  }

  /** As {@link #leaveFree}, but with so little that a write may fail. */
  void fillDisk(long bytes) {
    diskMayFail = true;
    leaveFree(bytes);
  }

  long freeBytes() {
    return disk.freeBytes();
  }

  boolean diskMayFail() {
    return diskMayFail;
  }

  /** Whether it is fast, works, and has space for what a node writes. */
  boolean isDiskWell() {
    return !diskIsSlow && !diskMayFail && disk.freeBytes() > 4 * MIN_FREE_BYTES;
  }

  void healDisk() {
    diskMayFail = false;
    diesInStart = false;
    diskBehaviour.heal();
    fastDisk();
  }

  String id() {
    return config.nodeId();
  }

  EngineConfig config() {
    return config;
  }

  SimulatedEventLoop.MachineClock clock() {
    return clock;
  }

  Random random() {
    return random;
  }

  Surroundings surroundings() {
    return surroundings;
  }

  @Nullable SimulatedProcess process() {
    return process;
  }

  /** Of the process, if that runs and has come so far. */
  @Nullable Engine engine() {
    SimulatedProcess running = process;
    return running == null || !running.isAlive() ? null : running.engine();
  }

  /** Of the disk it has now; 0 until a process has been seen on it. */
  long incarnation() {
    Engine running = engine();
    if (running != null) {
      incarnation = running.status().incarnation();
    }
    return incarnation;
  }

  /** Another disk, prepared for a node that gave up its data; the process dies. */
  void loseDisk() {
    crash(true);
    healDisk();
    incarnation = 0;
    config = config.withSeed(random.nextLong()); // A real node never draws the same again.
    MemoryDisk empty = new MemoryDisk(this::onDisk, new Random(random.nextLong()), diskBehaviour);
    try {
      NodeStorage.open(
              empty,
              surroundings.storageLimits(),
              (what, cause) -> {
                throw new AssertionError(what, cause);
              })
          .saveMetadata(NodeMetadata.empty().withRejoins(true));
    } catch (IOException impossible) {
      throw new AssertionError(impossible);
    }
    disk = empty.crashMachine(this::onDisk);
  }

  /** The disk of a dead process, to be put back one day by somebody who should not. */
  MemoryDisk pullDisk() {
    assert !isUp();
    return disk;
  }

  void putDisk(MemoryDisk other) {
    assert !isUp();
    incarnation = 0;
    disk = other.crashMachine(this::onDisk);
  }

  boolean isUp() {
    return process != null && process.isAlive();
  }

  int starts() {
    return starts;
  }

  /** Starts the node; it may die while it recovers, if the disk was told so. */
  void start() {
    if (isUp()) {
      return;
    }
    starts++;
    SimulatedProcess starting = new SimulatedProcess(this);
    process = starting;
    try {
      starting.start(NodeStorage.open(disk, surroundings.storageLimits(), starting));
    } catch (IOException failed) {
      if (!diskMayFail) {
        surroundings.violation(
            Check.RECOVERY, id() + " cannot open its storage: " + failed, failed);
      }
      crash(random.nextBoolean());
    } catch (SimulatedEventLoop.ProcessDeath death) {
      assert !starting.isAlive();
    }
  }

  /** Ends the process at once, and with it, if so wished, what the disk had not synced. */
  void crash(boolean powerCut) {
    SimulatedProcess dying = process;
    if (dying != null && dying.isAlive()) {
      if (!dying.isStopped()) {
        surroundings.crashing(dying);
      }
      dying.die(powerCut);
    }
    process = null;
    surroundings.time().trace(powerCut ? 101 : 102);
    disk = powerCut ? disk.crashMachine(this::onDisk) : disk.crashProcess(this::onDisk);
    surroundings.processEnded(this);
  }
}
