package io.shardwell.jepsen.faults;

import java.util.concurrent.TimeUnit;

/**
 * A thread that wakes up all the time and notes how late at most: by so much anything on this
 * machine may have stood still for want of a processor.
 */
final class Stalls extends Thread {
  private static final long PAUSE_MILLIS = 20;

  private volatile long longestNanos;
  private volatile boolean stop;

  Stalls() {
    super("stalls");
    setDaemon(true);
  }

  long longestMillis() {
    return TimeUnit.NANOSECONDS.toMillis(longestNanos);
  }

  void end() {
    stop = true;
  }

  @Override
  public void run() {
    try {
      while (!stop) {
        long began = System.nanoTime();
        Thread.sleep(PAUSE_MILLIS);
        long late = System.nanoTime() - began - TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS);
        longestNanos = Math.max(longestNanos, late);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
