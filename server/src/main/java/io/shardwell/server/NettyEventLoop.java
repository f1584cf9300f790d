package io.shardwell.server;

import io.netty.channel.Channel;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.shardwell.raftgroup.EventLoop;
import io.shardwell.storage.FaultHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's loop in production (DESIGN 4): one thread that is the I/O thread of the node's sockets,
 * runs its tasks and timers, and reads the clocks. With {@code io-threads} above 1 there are more
 * of them, see {@link ClientLoops}.
 *
 * <p>One turn: ready I/O, then tasks and due timers for about {@value #TASK_BUDGET_MICROS}
 * microseconds, then the turn-end hooks in the order they were added (the engine first, the flushes
 * of sockets after it), then a wait for I/O, a task or the next timer. Only the turn-end hooks
 * flush sockets, so that everything of one turn for one peer or client costs one system call.
 *
 * <p>A throwable that leaves a task, a timer or a hook is a broken invariant: it goes to the {@link
 * FaultHandler}, and if that returns or throws the loop ends, closing all its sockets.
 */
public final class NettyEventLoop implements EventLoop {

  private static final Logger LOG = LoggerFactory.getLogger(NettyEventLoop.class);

  /** Tasks and timers run for this long before the turn ends, in microseconds. */
  static final int TASK_BUDGET_MICROS = 1000;

  // The clock is read once in so many tasks; most take far less than a microsecond.
  private static final int TASKS_PER_CLOCK_READ = 16;

  private final FaultHandler faults;
  private final Thread thread;
  private final ManualIoEventLoop io;
  private final boolean epoll;

  // Written by any thread; a wake-up follows each write from outside the loop. Unbounded, but every
  // producer is bounded: one completion per disk operation, the embedded callers' own futures, what
  // a client's socket may have on its way from or to another loop.
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

  private final PriorityQueue<Scheduled> timers = new PriorityQueue<>();
  private final List<Runnable> turnEnds = new ArrayList<>();
  private final List<Runnable> afterEnd = new CopyOnWriteArrayList<>();
  private long timersMade;
  private volatile boolean stopping;

  // After a fault nothing of the node may run any more, not even the rest of the turn.
  private volatile boolean halted;

  private NettyEventLoop(String name, FaultHandler faults, boolean allowEpoll) {
    this.faults = faults;
    this.epoll = allowEpoll && Epoll.isAvailable();
    this.thread = new Thread(this::run, name);
    IoHandlerFactory handlers = epoll ? LastingEpoll.newFactory() : NioIoHandler.newFactory();
    this.io = new TaskAwareLoop(thread, handlers);
  }

  /**
   * Starts the loop's thread.
   *
   * @param name of the thread, seen in logs and thread dumps
   * @param faults told of everything that escapes from a task; a daemon thread
   */
  public static NettyEventLoop start(String name, FaultHandler faults) {
    return start(name, faults, true);
  }

  static NettyEventLoop start(String name, FaultHandler faults, boolean allowEpoll) {
    NettyEventLoop loop = new NettyEventLoop(name, faults, allowEpoll);
    LOG.info("Loop {} on {}", name, loop.epoll ? "epoll" : "NIO");
    loop.thread.setDaemon(true);
    loop.thread.start();
    return loop;
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public long wallClockMillis() {
    return System.currentTimeMillis();
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    if (!inLoop()) {
      io.wakeup();
    }
  }

  /** As {@link #execute} for each, with one wake-up for all. */
  void executeAll(List<Runnable> several) {
    tasks.addAll(several);
    if (!inLoop()) {
      io.wakeup();
    }
  }

  @Override
  public Timer schedule(Runnable task, long delayNanos) {
    assert inLoop() : "timers belong to the loop's thread";
    Scheduled timer = new Scheduled(task, nanoTime() + Math.max(0, delayNanos), timersMade++);
    timers.add(timer);
    return timer;
  }

  @Override
  public boolean inLoop() {
    return Thread.currentThread() == thread;
  }

  /** Runs the hook at the end of each turn, after the hooks added before it. Loop thread only. */
  public void onTurnEnd(Runnable hook) {
    assert inLoop();
    turnEnds.add(hook);
  }

  /** Runs the task on the loop's thread as its last deed, sockets closed. Before the loop ends. */
  void onStopped(Runnable task) {
    afterEnd.add(task);
  }

  /**
   * Ends the loop after the turn under way and closes its sockets. Tasks handed over later never
   * run. Any thread; returns at once.
   */
  public void stop() {
    stopping = true;
    io.wakeup();
  }

  /** Ends the loop at once: no further task, timer or hook runs, even of this turn. Any thread. */
  void halt() {
    halted = true;
    stop();
  }

  /** Waits until the loop's thread has ended; false if it has not within this time. */
  public boolean awaitStopped(Duration patience) {
    try {
      thread.join(Math.max(1, patience.toMillis()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return !thread.isAlive();
  }

  /** Netty's view of this loop, for bootstraps. */
  IoEventLoop netty() {
    return io;
  }

  boolean isEpoll() {
    return epoll;
  }

  ServerChannel newServerChannel() {
    return epoll ? new EpollServerSocketChannel() : new NioServerSocketChannel();
  }

  Channel newClientChannel() {
    return epoll ? new EpollSocketChannel() : new NioSocketChannel();
  }

  // Throwable on purpose: this is where everything ends that should never have been thrown.
  @SuppressWarnings("CatchingUnchecked")
  private void run() {
    try {
      while (!stopping) {
        turn();
      }
    } catch (Throwable broken) {
      if (!(broken instanceof NodeFault)) {
        try {
          faults.fault("uncaught on loop " + thread.getName(), broken);
        } catch (NodeFault told) {
          LOG.debug("Loop {} ends", thread.getName(), told);
        }
      }
    } finally {
      closeSockets();
      afterEnd.forEach(Runnable::run);
    }
  }

  private void turn() {
    if (tasks.isEmpty()) {
      io.run(nanosToNextTimer());
    } else {
      io.runNow();
    }
    long end = nanoTime() + TASK_BUDGET_MICROS * 1000L;
    runTasks(end);
    runTimers(end);
    for (Runnable hook : turnEnds) {
      if (halted) {
        return;
      }
      hook.run();
    }
  }

  /** What Netty takes as "wait so long": negative means not at all, zero for ever. */
  private long nanosToNextTimer() {
    Scheduled next = timers.peek();
    while (next != null && next.cancelled) {
      timers.poll();
      next = timers.peek();
    }
    if (next == null) {
      return 0;
    }
    long wait = next.dueNanos - nanoTime();
    return wait > 0 ? wait : -1;
  }

  private void runTasks(long endNanos) {
    for (int n = 1; ; n++) {
      Runnable task = halted ? null : tasks.poll();
      if (task == null) {
        return;
      }
      task.run();
      if (n % TASKS_PER_CLOCK_READ == 0 && nanoTime() - endNanos >= 0) {
        return;
      }
    }
  }

  private void runTimers(long endNanos) {
    if (timers.isEmpty()) {
      return;
    }
    long now = nanoTime();
    while (!halted) {
      Scheduled next = timers.peek();
      if (next == null || next.dueNanos - now > 0) {
        return;
      }
      timers.poll();
      if (!next.cancelled) {
        next.task.run();
        if (nanoTime() - endNanos >= 0) {
          return;
        }
      }
    }
  }

  private void closeSockets() {
    stopping = true;
    // No quiet period: whoever wanted to say something has done so before stop().
    var done = io.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
    while (!done.isDone()) {
      io.runNow();
    }
  }

  private static final class Scheduled implements Timer, Comparable<Scheduled> {
    final Runnable task;
    final long dueNanos;
    final long order;
    boolean cancelled;

    Scheduled(Runnable task, long dueNanos, long order) {
      this.task = task;
      this.dueNanos = dueNanos;
      this.order = order;
    }

    // Cancelled timers stay in the queue until due: timers are few and short here.
    @Override
    public void cancel() {
      cancelled = true;
    }

    @Override
    public int compareTo(Scheduled other) {
      long difference = dueNanos - other.dueNanos;
      return difference != 0 ? Long.signum(difference) : Long.compare(order, other.order);
    }
  }

  /** Netty must not block while a task of ours waits that was added after the last drain. */
  private final class TaskAwareLoop extends ManualIoEventLoop {
    TaskAwareLoop(Thread owner, IoHandlerFactory handlers) {
      super(owner, handlers);
    }

    @Override
    protected boolean canBlock() {
      return tasks.isEmpty() && !stopping;
    }
  }
}
