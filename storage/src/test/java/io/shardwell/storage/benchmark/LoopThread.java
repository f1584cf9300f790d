package io.shardwell.storage.benchmark;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;

/**
 * A node's loop without sockets: tasks, then the end of the turn, then a wait for the next task. As
 * in the server, a task that finds the loop at work costs no wake-up.
 */
final class LoopThread implements Executor {
  private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Thread thread = new Thread(this::run, "benchmark-loop");
  private volatile boolean waits;
  private volatile boolean stopping;

  void start() {
    thread.setDaemon(true);
    thread.start();
  }

  long threadId() {
    return thread.getId();
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    if (waits) {
      LockSupport.unpark(thread);
    }
  }

  /** Runs the task on the loop and waits until it has; what it throws arrives here. */
  void call(Runnable task) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    execute(
        () -> {
          try {
            task.run();
            done.complete(null);
          } catch (RuntimeException | Error broken) {
            done.completeExceptionally(broken);
          }
        });
    done.join();
  }

  void stop() throws InterruptedException {
    stopping = true;
    LockSupport.unpark(thread);
    thread.join();
  }

  private void run() {
    while (!stopping) {
      Runnable task = tasks.poll();
      if (task != null) {
        task.run();
        continue;
      }
      waits = true;
      if (tasks.isEmpty() && !stopping) {
        LockSupport.park(this);
      }
      waits = false;
    }
  }
}
