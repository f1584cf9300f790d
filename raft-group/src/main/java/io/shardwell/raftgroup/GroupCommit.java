package io.shardwell.raftgroup;

import io.shardwell.storage.SharedLog;
import java.util.concurrent.TimeUnit;

/**
 * One append and one sync for all shards of a loop (DESIGN 4): the log's buffer goes to the disk
 * whenever that is idle, and what gathers while the disk works goes with the next. Loop thread
 * only.
 */
final class GroupCommit {

  private final EventLoop loop;
  private final SharedLog log;
  private long startNanos;

  /** Of the recent past: a slower sync counts at once, a faster one by a sixteenth. */
  private long slowestSyncMillis;

  /**
   * @param onSynced runs on the loop whenever the log's durable end has moved
   */
  GroupCommit(EventLoop loop, SharedLog log, Runnable onSynced) {
    this.loop = loop;
    this.log = log;
    log.onSynced(
        () -> {
          measure();
          onSynced.run();
        });
  }

  private void measure() {
    long millis = TimeUnit.NANOSECONDS.toMillis(loop.nanoTime() - startNanos);
    slowestSyncMillis = Math.max(millis, slowestSyncMillis * 15 / 16);
  }

  /** How long the disk has lately taken at most; election timeouts grow with it. */
  long slowestSyncMillis() {
    return slowestSyncMillis;
  }

  /** To be called at a turn's end: gives the disk what has gathered, if it is idle. */
  void endTurn() {
    if (!log.syncInFlight() && log.hasUnsynced()) {
      startNanos = loop.nanoTime();
      boolean started = log.startSync();
      assert started;
    }
  }

  /** Whether all that was appended is durable. */
  boolean isDone() {
    return !log.hasUnsynced() && !log.syncInFlight();
  }

  /** Marks the log's end if nothing is under way. */
  void markIdle() {
    if (isDone()) {
      boolean unused = log.startIdleMark();
    }
  }
}
