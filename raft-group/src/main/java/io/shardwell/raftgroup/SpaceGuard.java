package io.shardwell.raftgroup;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a node stand aside <em>before</em> its disk is full, and lets it come back by itself. A
 * write that fails for want of space would halt the node (fail-stop, DESIGN 9), and a restart needs
 * space too: so the node must never get there.
 *
 * <p><em>When.</em> The free space is measured every second, and whenever an eighth of the limit
 * (at most {@link #MAX_MEASURE_BYTES}) was written since the last question. The answer comes behind
 * all file work submitted before, so it misses only what was written since it was asked.
 *
 * <p><em>How.</em> Below the limit the node hands its leaderships over, for {@link
 * #HAND_OVER_NANOS} at most, or less if half of the limit is gone meanwhile. Then its replicas
 * stand aside: see {@link io.shardwell.raftgroup.replica.Replica#standAside}. With a quarter more
 * than the limit free it takes part again; the difference keeps it from going to and fro.
 *
 * <p><em>Why it is enough.</em> From the measurement that crosses the limit to the one that crosses
 * its half, an eighth is written between two questions. So at least a quarter is left when the
 * replicas stand aside, for what is under way: the turn with the disk and the one that gathers, the
 * zeros ahead of the log and the next segment (4 MiB), chunks of a snapshot that others send (256
 * KiB each). A snapshot of our own begins only if it {@link #hasRoomFor fits}. Afterwards nothing
 * appends to the log but an empty turn that marks its end, once; a new boot number of a session
 * replaces a file of some hundred bytes.
 *
 * <p>What it cannot know is how fast somebody else fills the disk. Then the node halts, names the
 * file, and nothing acknowledged is lost. Loop thread only.
 */
final class SpaceGuard {

  /** What the node does. */
  enum Stage {
    /** Everything. */
    TAKING_PART,
    /** Everything still, but others are to lead. */
    HANDING_OVER,
    /** Nothing that writes: it only forwards its clients' commands. */
    STANDING_ASIDE
  }

  /** Bytes written between two measurements at most, however high the limit is. */
  static final long MAX_MEASURE_BYTES = 16L << 20;

  static final long MEASURE_NANOS = TimeUnit.SECONDS.toNanos(1);
  static final long HAND_OVER_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long HAND_OVER_STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private static final Logger LOGGER = LoggerFactory.getLogger(SpaceGuard.class);

  private final long minFreeBytes;
  private final EventLoop loop;
  private final Consumer<LongConsumer> measurement;
  private final LongSupplier written;
  private final BooleanSupplier handOver;
  private final Runnable changed;

  private Stage stage = Stage.TAKING_PART;
  private boolean measuring;
  private boolean stopped;

  /** The newest known; -1 before the first answer, and for ever if the guard is off. */
  private long freeBytes = -1;

  private long writtenWhenAsked;

  // Of the last answer. Invariant: writtenWhenMeasured <= writtenWhenAsked.
  private long writtenWhenMeasured;
  private long handOverUntilNanos;
  private EventLoop.@Nullable Timer handOverStep;

  /**
   * @param minFreeBytes 0 switches the guard off
   * @param measurement asks the disk; the answer comes on the loop, or never after a fault
   * @param written bytes handed to the disk since the process began
   * @param handOver hands over what it can; returns whether this node still leads anything that
   *     somebody else could
   * @param changed told of every change of {@link #stage}
   */
  SpaceGuard(
      long minFreeBytes,
      EventLoop loop,
      Consumer<LongConsumer> measurement,
      LongSupplier written,
      BooleanSupplier handOver,
      Runnable changed) {
    this.minFreeBytes = minFreeBytes;
    this.loop = loop;
    this.measurement = measurement;
    this.written = written;
    this.handOver = handOver;
    this.changed = changed;
  }

  /** Measures from now on. */
  void start() {
    if (minFreeBytes > 0 && !stopped) {
      measure();
      EventLoop.Timer unused = loop.schedule(this::start, MEASURE_NANOS);
    }
  }

  /** The node stops: nothing changes any more. */
  void stop() {
    stopped = true;
    leaveHandOver();
  }

  /** At the end of each turn. */
  void endTurn() {
    if (minFreeBytes > 0
        && written.getAsLong() - writtenWhenAsked
            >= Math.min(MAX_MEASURE_BYTES, minFreeBytes / 8)) {
      measure();
    }
  }

  Stage stage() {
    return stage;
  }

  /** Whether others should lead what this node leads. */
  boolean isLow() {
    return stage != Stage.TAKING_PART;
  }

  /** Whether so many bytes, written at once, leave half of the limit. */
  boolean hasRoomFor(long bytes) {
    if (minFreeBytes == 0) {
      return true;
    }
    long known = freeBytes - (written.getAsLong() - writtenWhenMeasured);
    return stage == Stage.TAKING_PART && freeBytes >= 0 && known - bytes >= minFreeBytes / 2;
  }

  /** Why this node is not ready; empty if it takes part. */
  String reason() {
    return isLow()
        ? "disk: " + freeBytes + " bytes free, below min-free-bytes " + minFreeBytes
        : "";
  }

  NodeStatus.DiskStatus status() {
    return new NodeStatus.DiskStatus(
        freeBytes, minFreeBytes, isLow(), stage == Stage.STANDING_ASIDE);
  }

  private void measure() {
    if (measuring || stopped) {
      return;
    }
    measuring = true;
    writtenWhenAsked = written.getAsLong();
    long asked = writtenWhenAsked;
    measurement.accept(
        free -> {
          measuring = false;
          freeBytes = free;
          writtenWhenMeasured = asked;
          if (!stopped) {
            measured();
          }
        });
  }

  private void measured() {
    switch (stage) {
      case TAKING_PART -> {
        if (freeBytes < minFreeBytes) {
          handOverUntilNanos = loop.nanoTime() + HAND_OVER_NANOS;
          LOGGER.warn(
              "{}: this node stands aside until {} bytes are free; it hands its leaderships over,"
                  + " appends nothing, does not vote, and goes on forwarding its clients' commands",
              "disk: " + freeBytes + " bytes free, below min-free-bytes " + minFreeBytes,
              returnBytes());
          enter(Stage.HANDING_OVER);
          handOver();
        }
      }
      case HANDING_OVER -> {
        if (freeBytes >= returnBytes()) {
          leaveHandOver();
          comeBack();
        } else if (freeBytes < minFreeBytes / 2) {
          leaveHandOver();
          enter(Stage.STANDING_ASIDE);
        }
      }
      case STANDING_ASIDE -> {
        if (freeBytes >= returnBytes()) {
          comeBack();
        }
      }
    }
  }

  private void comeBack() {
    LOGGER.warn("disk: {} bytes free again: this node takes part again", freeBytes);
    enter(Stage.TAKING_PART);
  }

  private long returnBytes() {
    return minFreeBytes + minFreeBytes / 4;
  }

  /** Until nothing is led, or time is up, or space is. */
  private void handOver() {
    handOverStep = null;
    boolean leads = handOver.getAsBoolean();
    if (!leads || loop.nanoTime() >= handOverUntilNanos || freeBytes < minFreeBytes / 2) {
      enter(Stage.STANDING_ASIDE);
    } else {
      handOverStep = loop.schedule(this::handOver, HAND_OVER_STEP_NANOS);
    }
  }

  private void leaveHandOver() {
    EventLoop.Timer step = handOverStep;
    if (step != null) {
      step.cancel();
      handOverStep = null;
    }
  }

  private void enter(Stage next) {
    stage = next;
    changed.run();
  }
}
