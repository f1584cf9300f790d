package io.shardwell.storage;

import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one way of this module to its disk's operations off the loop, and the fail-stop rule: after
 * the first error nothing completes any more. An fsync that failed is never tried again: the kernel
 * may have dropped the bytes and call the next one a success.
 */
final class DiskWork {
  private final Disk disk;
  private final FaultHandler faults;
  private boolean stopped;
  private int underWay;
  // Set by the disk's thread: what was submitted before the loop heard of the error must not run
  // either, it may build on what failed.
  private volatile boolean failed;

  DiskWork(Disk disk, FaultHandler faults) {
    this.disk = disk;
    this.faults = faults;
  }

  Disk disk() {
    return disk;
  }

  /** Runs the task off the loop, then {@code onDone} on the loop, unless anything failed before. */
  void submit(String what, IoTask io, Runnable onDone) {
    submit(disk::submit, what, io, onDone);
  }

  /** The same for files of snapshots, behind what the log has to write ({@link Disk}). */
  void submitBehind(String what, IoTask io, Runnable onDone) {
    submit(disk::submitBehind, what, io, onDone);
  }

  private void submit(Queue queue, String what, IoTask io, Runnable onDone) {
    if (stopped) {
      return;
    }
    underWay++;
    queue.add(() -> runUnlessFailed(io), error -> done(what, error, onDone));
  }

  /** One of the disk's two. */
  private interface Queue {
    void add(IoTask io, Consumer<@Nullable IOException> completion);
  }

  private void runUnlessFailed(IoTask io) throws IOException {
    if (failed) {
      throw new IOException("an operation before it failed");
    }
    boolean succeeded = false;
    try {
      io.run();
      succeeded = true;
    } finally {
      failed = !succeeded;
    }
  }

  private void done(String what, @Nullable IOException error, Runnable onDone) {
    if (stopped) {
      return;
    }
    assert underWay > 0;
    underWay--;
    if (error == null) {
      onDone.run();
    } else {
      fail("cannot " + what + ": " + error.getMessage(), error);
    }
  }

  /** Reports a fault, once, and stops everything. */
  void fail(String what, Throwable cause) {
    if (!stopped) {
      stopped = true;
      faults.fault(what, cause);
    }
  }

  /** After a fault or {@link #close}. */
  boolean isStopped() {
    return stopped;
  }

  boolean isIdle() {
    return underWay == 0;
  }

  /** No operation is under way and none completes afterwards. */
  void close() throws IOException {
    stopped = true;
    disk.stopSubmitted();
  }
}
