package io.shardwell.server.command;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/**
 * How busy the node's loop is: CPU time of its thread, which is what is left of the time when the
 * waiting is taken away. The operating system counts it anyway, so that nothing is measured in a
 * turn. Loop thread only, for a thread's own time is the cheap one.
 */
final class LoopLoad {

  private static final int SAMPLES = 16;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  // The latest SAMPLES pairs of a time and the CPU used by then; of the first so many are none.
  private final long[] nanos = new long[SAMPLES];
  private final long[] cpuNanos = new long[SAMPLES];
  private long taken;

  /** CPU time of the calling thread, 0 where the VM does not tell. */
  static long cpuNanos() {
    return THREADS.isCurrentThreadCpuTimeSupported() ? THREADS.getCurrentThreadCpuTime() : 0;
  }

  /** The part of it that was spent in user mode. */
  static long userNanos() {
    return THREADS.isCurrentThreadCpuTimeSupported() ? THREADS.getCurrentThreadUserTime() : 0;
  }

  /** To be called every 100 ms. */
  void sample(long nowNanos, long nowCpuNanos) {
    nanos[(int) (taken % SAMPLES)] = nowNanos;
    cpuNanos[(int) (taken % SAMPLES)] = nowCpuNanos;
    taken++;
  }

  /** Per cent of the time since the oldest sample, 0 to 100. */
  long percent(long nowNanos, long nowCpuNanos) {
    int oldest = taken < SAMPLES ? 0 : (int) (taken % SAMPLES);
    long elapsed = nowNanos - nanos[oldest];
    if (taken == 0 || elapsed <= 0) {
      return 0;
    }
    // The two clocks are read one after the other.
    return Math.min(100, 100 * (nowCpuNanos - cpuNanos[oldest]) / elapsed);
  }
}
