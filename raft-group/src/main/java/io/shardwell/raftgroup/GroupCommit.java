package io.shardwell.raftgroup;

import io.shardwell.storage.SharedLog;

/**
 * One append and one sync for all shards of a loop (DESIGN 4): the log's buffer goes to the disk
 * whenever that is idle, and what gathers while the disk works goes with the next. Loop thread
 * only.
 */
final class GroupCommit {

  private final EventLoop loop;
  private final SharedLog log;
  private final SlowestSync slowest = new SlowestSync();

  /**
   * @param onSynced runs on the loop whenever the log's durable end has moved
   */
  GroupCommit(EventLoop loop, SharedLog log, Runnable onSynced) {
    this.loop = loop;
    this.log = log;
    log.onSynced(
        () -> {
          slowest.ended(loop.nanoTime());
          onSynced.run();
        });
  }

  /** How long the disk has lately taken at most; election timeouts grow with it. */
  long slowestSyncMillis() {
    return slowest.millis(loop.nanoTime());
  }

  /** To be called at a turn's end: gives the disk what has gathered, if it is idle. */
  void endTurn() {
    if (!log.syncInFlight() && log.hasUnsynced()) {
      slowest.began(loop.nanoTime());
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
    if (isDone() && log.startIdleMark()) {
      slowest.began(loop.nanoTime());
    }
  }
}
