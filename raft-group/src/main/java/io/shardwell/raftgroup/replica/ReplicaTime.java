package io.shardwell.raftgroup.replica;

import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.Tuning;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * One replica's time, as MicroRaft sees it: monotonic and {@link Tuning#MICRORAFT_TIME_SCALE} times
 * faster than the loop's (MICRORAFT A). Loop thread only.
 */
final class ReplicaTime extends Clock {

  private static final long GRID_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final EventLoop loop;

  // Added to the clock when the leader's crash is known by other means than silence (MICRORAFT
  // B11).
  private long jumpedMillis;

  ReplicaTime(EventLoop loop) {
    this.loop = loop;
  }

  /** Makes a silence of the heartbeat timeout appear to have passed; pre-vote keeps its meaning. */
  void jump(int heartbeatTimeoutMillis) {
    jumpedMillis += (long) heartbeatTimeoutMillis * Tuning.MICRORAFT_TIME_SCALE;
  }

  /** Due times are rounded up to a grid, so that the heartbeats of all shards meet in one turn. */
  void schedule(Runnable task, long delay, TimeUnit unit) {
    long now = loop.nanoTime();
    long due = now + unit.toNanos(delay) / Tuning.MICRORAFT_TIME_SCALE;
    long aligned = Math.floorDiv(due + GRID_NANOS - 1, GRID_NANOS) * GRID_NANOS;
    EventLoop.Timer unused = loop.schedule(task, aligned - now);
  }

  @Override
  public long millis() {
    return TimeUnit.NANOSECONDS.toMillis(loop.nanoTime() * Tuning.MICRORAFT_TIME_SCALE)
        + jumpedMillis;
  }

  @Override
  public Instant instant() {
    return Instant.ofEpochMilli(millis());
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return this;
  }

  /**
   * The random part of an election timeout. MicroRaft draws it with {@code nextInt(100)}, too
   * narrow for its scaled clock; and a vote round takes up to four syncs, so on a slow disk the
   * timeout grows with the disk, or elections never end (MICRORAFT B11).
   */
  static final class ElectionRandom extends Random {

    private static final long serialVersionUID = 1;
    private static final int SYNCS_PER_ELECTION = 8;

    private final transient Tuning tuning;
    private final transient LongSupplier slowestSyncMillis;

    ElectionRandom(long seed, Tuning tuning, LongSupplier slowestSyncMillis) {
      super(seed);
      this.tuning = tuning;
      this.slowestSyncMillis = slowestSyncMillis;
    }

    @Override
    public int nextInt(int unusedBound) {
      int spread = super.nextInt(tuning.electionSpreadMillis() * Tuning.MICRORAFT_TIME_SCALE);
      long wanted = SYNCS_PER_ELECTION * slowestSyncMillis.getAsLong();
      long extra = Math.max(0, Math.min(wanted, 60_000) - tuning.electionTimeoutMillis());
      return spread + (int) extra * Tuning.MICRORAFT_TIME_SCALE;
    }
  }
}
