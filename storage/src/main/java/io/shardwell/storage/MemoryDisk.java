package io.shardwell.storage;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A simulated disk: deterministic, without threads. One thread (the simulation, or the loop of an
 * embedded node) calls everything.
 */
public final class MemoryDisk implements Disk {
  /** Runs a task later, on the thread that uses the disk. */
  @FunctionalInterface
  public interface DelayScheduler {
    void schedule(Runnable task, long delayNanos);
  }

  /** The primitive steps of a disk, for failures. */
  public enum Operation {
    OPEN,
    READ,
    WRITE,
    SYNC,
    TRUNCATE,
    DELETE,
    RENAME,
    SYNC_FOLDER
  }

  /** How the disk behaves; may be changed at any time during a run. */
  public static final class Behaviour {
    /** Each submitted operation takes a random time in this range. */
    public Behaviour latency(long minNanos, long maxNanos) {
      return this;
    }

    /** Writes beyond fail with "No space left on device", after what fits. */
    public Behaviour capacityBytes(long bytes) {
      return this;
    }

    /** The next such step fails with an I/O error, later ones work again. */
    public Behaviour failNext(Operation operation) {
      return this;
    }

    /** From now on each such step fails with an I/O error, until {@link #heal}. */
    public Behaviour failAlways(Operation operation) {
      return this;
    }

    /**
     * After that many more changing steps the process is dead in the middle of the next one: it
     * takes partial effect, and every further call fails. For crashes inside blocking code; then
     * call crashProcess or crashMachine.
     */
    public Behaviour dieAfterSteps(int steps) {
      return this;
    }

    /** Takes back failures, capacity and dieAfterSteps; not the latency. */
    public Behaviour heal() {
      return this;
    }
  }

  /**
   * An empty disk.
   *
   * @param random seeded; used for latencies and crash results
   * @param behaviour may be changed during the run
   */
  public MemoryDisk(DelayScheduler scheduler, Random random, Behaviour behaviour) {}

  /**
   * The disk after the process was killed: everything written stays readable, nothing unsynced
   * becomes durable (a later crashMachine can still take it). An operation under way has an
   * arbitrary partial effect; completions of the dead process never run. This object is dead
   * afterwards.
   */
  public MemoryDisk crashProcess(DelayScheduler scheduler) {
    return this;
  }

  /**
   * A legal disk after a power cut: all synced data and an arbitrary (seeded) part of the rest:
   * writes torn at any byte, dropped, in any order; unsynced creations, renames and deletions maybe
   * lost. This object is dead afterwards.
   */
  public MemoryDisk crashMachine(DelayScheduler scheduler) {
    return this;
  }

  /** Rot: flips one bit of a file, for good. */
  public void flipBit(String name, long offset, int bit) {}

  @Override
  public DiskFile open(String name) throws IOException {
    return Pending.value();
  }

  @Override
  public boolean exists(String name) {
    return false;
  }

  @Override
  public List<String> list(String folder) throws IOException {
    return Pending.value();
  }

  @Override
  public void delete(String name) {}

  @Override
  public void rename(String from, String to) {}

  @Override
  public void syncFolder(String folder) {}

  @Override
  public long freeBytes() {
    return 0;
  }

  @Override
  public long nextSalt() {
    return 0;
  }

  @Override
  public void lock() {}

  @Override
  public void close() {}

  @Override
  public void submit(IoTask io, Consumer<@Nullable IOException> completion) {}
}
