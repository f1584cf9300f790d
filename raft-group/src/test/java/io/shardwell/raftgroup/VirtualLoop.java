package io.shardwell.raftgroup;

import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** An event loop on virtual time, moved by the test. */
public final class VirtualLoop implements EventLoop {

  private record Event(long due, long order, Runnable task) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byDue = Long.compare(due, other.due);
      return byDue != 0 ? byDue : Long.compare(order, other.order);
    }
  }

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long now = TimeUnit.SECONDS.toNanos(1);
  private long order;

  /** Added to the virtual time of day; tests move it to make the wall clock jump. */
  public long wallOffsetMillis = 1_700_000_000_000L;

  /** Called after every event, as the owner of a real loop ends each turn. */
  public Runnable afterEvent = () -> {};

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public long wallClockMillis() {
    return wallOffsetMillis + TimeUnit.NANOSECONDS.toMillis(now);
  }

  @Override
  public void execute(Runnable task) {
    events.add(new Event(now, order++, task));
  }

  @Override
  public Timer schedule(Runnable task, long delayNanos) {
    Event event = new Event(now + Math.max(0, delayNanos), order++, task);
    events.add(event);
    return () -> events.remove(event);
  }

  /** As {@link #schedule}, in milliseconds, for what nobody cancels. */
  public void after(long millis, Runnable task) {
    Timer unused = schedule(task, TimeUnit.MILLISECONDS.toNanos(millis));
  }

  @Override
  public boolean inLoop() {
    return true;
  }

  /** Lets so much time pass, with all that is due in it. */
  public void run(long millis) {
    long end = now + TimeUnit.MILLISECONDS.toNanos(millis);
    while (!events.isEmpty() && events.element().due <= end) {
      step();
    }
    now = end;
  }

  /** Lets so much time pass in which the process stands still: what is due in it comes late. */
  public void pause(long millis) {
    now += TimeUnit.MILLISECONDS.toNanos(millis);
  }

  /** Runs until the condition holds, for so much virtual time at most; returns whether it does. */
  public boolean until(BooleanSupplier condition, long millis) {
    long end = now + TimeUnit.MILLISECONDS.toNanos(millis);
    while (!condition.getAsBoolean()) {
      if (events.isEmpty() || events.element().due > end) {
        return false;
      }
      step();
    }
    return true;
  }

  private void step() {
    Event next = events.remove();
    now = Math.max(now, next.due);
    next.task.run();
    afterEvent.run();
  }
}
