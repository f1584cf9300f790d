package io.shardwell.storage;

import java.util.Random;

/** Placeholder of the contract. */
public final class MemoryDisk implements Disk {
  /** Delays. */
  public interface DelayScheduler {
    void schedule(Runnable task, long delayNanos);
  }

  /** Behaviour. */
  public static final class Behaviour {}

  public MemoryDisk(DelayScheduler scheduler, Random random, Behaviour behaviour) {}

  @Override
  public void close() {}
}
