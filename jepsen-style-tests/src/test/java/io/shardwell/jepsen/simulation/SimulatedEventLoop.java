package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.EventLoop;
import java.util.ArrayDeque;
import java.util.Random;

/**
 * The loop of one simulated process. It works in turns as the real one does: a bounded number of
 * whatever has arrived, then the end of the turn; each turn takes time, so the inbox fills
 * meanwhile. The machine's clocks are its own: the monotonic one has another origin and runs a
 * little too fast or slow, the wall clock drifts as much, is off and may jump.
 */
final class SimulatedEventLoop implements EventLoop {
  /** Something like November 2023. */
  private static final long EPOCH_MILLIS = 1_700_000_000_000L;

  private final VirtualTime time;
  private final Random random;
  private final MachineClock clock;
  private final Owner process;
  private final ArrayDeque<Task> inbox = new ArrayDeque<>();
  private final long monotonicOrigin;
  private boolean turnScheduled;
  private boolean paused;
  private boolean running;
  private long turns;

  /** What a loop needs to know about the process it is the heart of. */
  interface Owner {
    boolean isAlive();

    /** A place where the process may be killed. */
    void crashPoint(Crash.Step step);

    /** After the last of a turn's tasks. */
    void endTurn();

    /** What the process threw: it ends. */
    void died(Throwable cause);
  }

  /** Something to do, and where it came from: the step that is done when it is. */
  private record Task(Crash.Step step, Runnable work) {}

  /** Belongs to the machine, not to the process: a restart does not mend it. */
  static final class MachineClock {
    /** What a machine's own time gains or loses at most: 100 ppm, as cheap quartz does. */
    private static final double MOST_DRIFT = 1e-4;

    /** Something like NTP puts the wall clock back whenever it has drifted so far. */
    private static final long DRIFT_PUT_RIGHT_NANOS = 20 * VirtualTime.MILLI;

    private static final int MOST_OFFSET_MILLIS = 200;

    /** By so much a wall clock is off at most that is not wrong. */
    static final long ORDINARY_NANOS =
        MOST_OFFSET_MILLIS * VirtualTime.MILLI + DRIFT_PUT_RIGHT_NANOS;

    /** Local nanoseconds per true nanosecond. */
    private final double rate;

    // Invariant: at most MOST_OFFSET_MILLIS from 0.
    private long offsetMillis;

    /** By how much the wall clock is off besides, more than anybody promises; mostly 0. */
    private long wrongMillis;

    MachineClock(Random random) {
      rate = 1 + MOST_DRIFT * (2 * random.nextDouble() - 1);
      jump(random);
    }

    /** Is off by something else, within what is promised; false: it is the same by chance. */
    boolean jump(Random random) {
      long before = offsetMillis;
      offsetMillis = random.nextLong(2 * MOST_OFFSET_MILLIS + 1) - MOST_OFFSET_MILLIS;
      return offsetMillis != before;
    }

    void goWrong(long millis) {
      wrongMillis = millis;
    }

    void putRight() {
      wrongMillis = 0;
    }

    boolean isWrong() {
      return wrongMillis != 0;
    }

    private long monotonicNanos(long trueNanos) {
      return (long) (trueNanos * rate);
    }

    private long trueNanos(long monotonicNanos) {
      return (long) (monotonicNanos / rate);
    }

    private long wallMillis(long trueNanos) {
      long drift = (monotonicNanos(trueNanos) - trueNanos) % DRIFT_PUT_RIGHT_NANOS;
      return EPOCH_MILLIS + offsetMillis + wrongMillis + (trueNanos + drift) / VirtualTime.MILLI;
    }
  }

  SimulatedEventLoop(VirtualTime time, Random random, MachineClock clock, Owner process) {
    this.time = time;
    this.random = random;
    this.clock = clock;
    this.process = process;
    this.monotonicOrigin = random.nextInt(1_000_000) * VirtualTime.MILLI;
  }

  @Override
  public long nanoTime() {
    return monotonicOrigin + clock.monotonicNanos(time.now());
  }

  @Override
  public long wallClockMillis() {
    return clock.wallMillis(time.now());
  }

  @Override
  public void execute(Runnable task) {
    execute(Crash.Step.OWN_TASK, task);
  }

  /** As above, for a task that comes from somewhere else. */
  void execute(Crash.Step step, Runnable task) {
    if (process.isAlive()) {
      inbox.add(new Task(step, task));
      scheduleTurn(random.nextInt((int) (20 * VirtualTime.MICRO)));
    }
  }

  @Override
  public Timer schedule(Runnable task, long delayNanos) {
    boolean[] cancelled = new boolean[1];
    time.after(
        clock.trueNanos(Math.max(0, delayNanos)),
        () -> {
          if (!cancelled[0]) {
            execute(
                Crash.Step.TIMER,
                () -> {
                  if (!cancelled[0]) {
                    task.run();
                  }
                });
          }
        });
    return () -> cancelled[0] = true;
  }

  @Override
  public boolean inLoop() {
    return running;
  }

  long turns() {
    return turns;
  }

  /** SIGSTOP, a long collection, a stolen CPU: nothing runs, everything arrives. */
  void pause() {
    paused = true;
  }

  void resume() {
    paused = false;
    scheduleTurn(0);
  }

  boolean isPaused() {
    return paused;
  }

  private void scheduleTurn(long delayNanos) {
    if (!turnScheduled && !paused && !inbox.isEmpty()) {
      turnScheduled = true;
      time.after(delayNanos, this::turn);
    }
  }

  private void turn() {
    turnScheduled = false;
    if (!process.isAlive() || paused) {
      return;
    }
    turns++;
    running = true;
    // A real turn stops after about a millisecond; how much fits into that is anybody's guess.
    int left = random.nextInt(4) == 0 ? 1 : 1 + random.nextInt(64);
    try {
      while (left-- > 0 && !inbox.isEmpty() && process.isAlive()) {
        Task task = inbox.remove();
        task.work.run();
        process.crashPoint(task.step);
      }
      if (process.isAlive()) {
        process.endTurn();
      }
    } catch (ProcessDeath death) {
      assert !process.isAlive();
    } catch (RuntimeException | Error unexpected) {
      process.died(unexpected);
    } finally {
      running = false;
    }
    scheduleTurn(5 * VirtualTime.MICRO + random.nextInt((int) (100 * VirtualTime.MICRO)));
  }

  /** Thrown through code of a process that is dead already, so that it stops where it stands. */
  static final class ProcessDeath extends Error {
    private static final long serialVersionUID = 1;

    ProcessDeath() {
      super("the process is dead", null, false, false);
    }
  }
}
