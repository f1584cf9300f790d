package io.shardwell.storage.benchmark;

import com.sun.management.ThreadMXBean;
import io.shardwell.storage.FileDisk;
import io.shardwell.storage.NodeStorage;
import io.shardwell.storage.ReplicaLog;
import io.shardwell.storage.SharedLog;
import io.shardwell.storage.SnapshotManifest;
import io.shardwell.storage.SnapshotWriter;
import io.shardwell.storage.StorageLimits;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * The real log on the real disk, with closed-loop writers: each appends its next record, to its own
 * shard, as soon as its last one is durable.
 */
final class LogUnderTest {
  static final int RECORD_BYTES = 100;

  private static final int TERM = 1;
  private static final long TRUNCATED_BYTES = 48 << 20;
  private static final byte[] NO_VIEW = new byte[0];

  private final ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
  private final LoopThread loop = new LoopThread();
  private final long ioThreadId;
  private final int writers;
  private final int shards;
  private final NodeStorage storage;
  private final SharedLog log;
  private final ReplicaLog[] replicas;
  private final byte[] payload = new byte[RECORD_BYTES];

  // Of the round under way; loop thread only. Positions behind each writer's last record.
  private final long[] awaited;
  private boolean measuring;
  private long turns;
  private long records;
  private CompletableFuture<Measured> result = new CompletableFuture<>();
  private long beginNanos;
  private long endNanos;
  private long beginAllocated;
  private long beginPosition;

  /**
   * Opens an empty log.
   *
   * @param ioThread one thread, as the server has it
   * @param ioThreadId its id, for what it allocates
   */
  LogUnderTest(Path directory, Executor ioThread, long ioThreadId, int writers, int shards)
      throws IOException {
    this.ioThreadId = ioThreadId;
    this.writers = writers;
    this.shards = shards;
    awaited = new long[writers];
    storage =
        NodeStorage.open(
            new FileDisk(directory, ioThread, loop),
            StorageLimits.DEFAULT,
            (what, cause) -> result.completeExceptionally(new IOException(what, cause)));
    log = storage.log();
    replicas = new ReplicaLog[shards];
    for (int shard = 0; shard < shards; shard++) {
      replicas[shard] = log.replica(shard);
      replicas[shard].writeTerm(TERM, null);
    }
    log.onSynced(this::synced);
    loop.start();
  }

  /** Runs the writers for so long. */
  Measured round(long nanos) {
    CompletableFuture<Measured> done = new CompletableFuture<>();
    loop.call(() -> begin(done, nanos));
    return done.join();
  }

  private void begin(CompletableFuture<Measured> done, long nanos) {
    assert !measuring && !log.syncInFlight();
    result = done;
    measuring = true;
    turns = 0;
    records = 0;
    beginPosition = log.appendedPosition();
    beginAllocated = allocated();
    beginNanos = System.nanoTime();
    endNanos = beginNanos + nanos;
    for (int writer = 0; writer < writers; writer++) {
      append(writer);
    }
    log.startSync();
  }

  private void append(int writer) {
    ReplicaLog replica = replicas[writer % shards];
    replica.appendEntry(replica.lastIndex() + 1, TERM, payload);
    awaited[writer] = replica.lastPosition();
  }

  /** A turn is durable, told on the loop. */
  private void synced() {
    if (!measuring) {
      log.startSync();
      return;
    }
    turns++;
    boolean goesOn = System.nanoTime() - endNanos < 0;
    long durable = log.syncedPosition();
    for (int writer = 0; writer < writers; writer++) {
      if (awaited[writer] <= durable) {
        records++;
        if (goesOn) {
          append(writer);
        }
      }
    }
    if (goesOn) {
      boolean started = log.startSync();
      assert started;
    } else {
      end();
    }
  }

  private void end() {
    measuring = false;
    long nanos = System.nanoTime() - beginNanos;
    long allocated = allocated() - beginAllocated;
    result.complete(
        new Measured(
            Measured.perSecond(turns, nanos),
            Measured.perSecond(records, nanos),
            Measured.perSecond(log.appendedPosition() - beginPosition, nanos),
            (double) allocated / turns));
  }

  private long allocated() {
    return threads.getThreadAllocatedBytes(loop.threadId())
        + threads.getThreadAllocatedBytes(ioThreadId);
  }

  /**
   * Not measured: once the log is longer than a node's would be, takes empty snapshots, so that it
   * goes and its segments are used again.
   */
  void truncate() {
    if (log.logBytes() > TRUNCATED_BYTES) {
      for (int shard = 0; shard < shards; shard++) {
        CompletableFuture<Void> durable = new CompletableFuture<>();
        int group = shard;
        loop.call(() -> snapshot(group, durable));
        durable.join();
      }
    }
    settle();
  }

  private void snapshot(int group, CompletableFuture<Void> durable) {
    ReplicaLog replica = replicas[group];
    long index = replica.lastIndex();
    if (replica.firstIndex() > index) {
      durable.complete(null); // No writer came here.
      return;
    }
    replica.writeSnapshotIntent(index, TERM, NO_VIEW, 0);
    SnapshotWriter writer =
        storage.snapshots().begin(new SnapshotManifest(group, index, TERM, NO_VIEW, 0));
    log.startSync();
    writer.commit(
        () -> {
          replica.truncateUntil(index);
          storage.snapshots().deleteOlderThan(group, index);
          log.startSync();
          durable.complete(null);
        });
  }

  /** Until the disk has nothing more to do. */
  private void settle() {
    CompletableFuture<Void> idle = new CompletableFuture<>();
    loop.call(() -> settle(idle, 0));
    idle.join();
  }

  // Each measurement of the free space is behind all file work submitted before it; what that work
  // submits in its turn is behind the next one.
  private void settle(CompletableFuture<Void> idle, int times) {
    log.startSync();
    if (times > 100 && !log.syncInFlight() && !log.hasUnsynced()) {
      idle.complete(null);
      return;
    }
    storage.measureFreeBytes(free -> settle(idle, times + 1));
  }

  void close() throws InterruptedException {
    loop.call(storage::close);
    loop.stop();
  }
}
