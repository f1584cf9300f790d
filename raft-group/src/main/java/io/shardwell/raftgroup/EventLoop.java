package io.shardwell.raftgroup;

/**
 * One thread's time and order: the seam that lets a whole node run in a simulation (DESIGN 3).
 *
 * <p>Two implementations: the server's, on a Netty I/O thread, and the simulator's, on virtual
 * time. The owner of an event loop calls {@link Engine#endTurn()} after each round of I/O events,
 * tasks and timers.
 */
public interface EventLoop {

  /** Monotonic time in nanoseconds, from an arbitrary origin. */
  long nanoTime();

  /** This machine's idea of the time of day, in milliseconds since 1970; may jump. */
  long wallClockMillis();

  /** Runs the task on the loop, after all that was handed over before it. Any thread. */
  void execute(Runnable task);

  /** Runs the task on the loop after the delay in nanoseconds. Loop thread only. */
  Timer schedule(Runnable task, long delayNanos);

  /** Whether the caller is on the loop's thread. */
  boolean inLoop();

  /** A scheduled task. */
  interface Timer {

    /** Keeps the task from running if it has not run yet. Loop thread only. */
    void cancel();
  }
}
