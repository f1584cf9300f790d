package io.shardwell.raftgroup.replica;

import io.shardwell.raftgroup.EventLoop;
import io.shardwell.storage.ReplicaLog;
import io.shardwell.storage.SnapshotManifest;
import io.shardwell.storage.SnapshotStore;
import io.shardwell.storage.SnapshotWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of our own on its way from a {@link FrozenView} to its files, in slices between the
 * loop's turns (DESIGN 9).
 *
 * <p>A slice takes half a millisecond, then the loop has twice that for itself; and it waits while
 * {@value #MOST_UNWRITTEN_CHUNKS} chunks are with the disk. That bounds the time and the memory. It
 * must end all the same before MicroRaft demands the next snapshot, which replaces this one: the
 * log would grow for ever. So it takes more time when it lags behind the entries appended since.
 *
 * <p>Loop thread only.
 */
final class TakenSnapshot {

  /** Chunks given to the disk and not durable yet, at most. */
  private static final int MOST_UNWRITTEN_CHUNKS = 4;

  /** Records between two looks at the clock; some 50 microseconds. */
  private static final int STEP_RECORDS = 128;

  private static final long SLICE_NANOS = TimeUnit.MICROSECONDS.toNanos(500);
  private static final long HURRIED_SLICE_NANOS = TimeUnit.MICROSECONDS.toNanos(1000);
  private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(1000);

  private final FrozenView view;
  private final EventLoop loop;
  private final ReplicaLog log;
  private final SnapshotStore store;
  private final int sliceRecords;
  private final int entriesToNext;
  private final List<ChunkBytes> chunks = new ArrayList<>();

  // Null until MicroRaft has said its term and members.
  private @Nullable SnapshotManifest manifest;
  private @Nullable SnapshotWriter writer;
  private Runnable onDurable = () -> {};

  // Invariant: durable <= written <= chunks.size(); at most MOST_UNWRITTEN_CHUNKS apart.
  private int written;
  private int durable;
  private boolean sliceScheduled;
  private boolean ended;

  /**
   * @param sliceRecords how many records a slice writes at most, however fast it is
   * @param entriesToNext after how many entries MicroRaft takes the next snapshot
   */
  TakenSnapshot(
      FrozenView view,
      EventLoop loop,
      ReplicaLog log,
      SnapshotStore store,
      int sliceRecords,
      int entriesToNext) {
    this.view = view;
    this.loop = loop;
    this.log = log;
    this.store = store;
    this.sliceRecords = sliceRecords;
    this.entriesToNext = entriesToNext;
    for (int i = 0; i < view.chunkCount(); i++) {
      chunks.add(new ChunkBytes(i));
    }
  }

  /** What stands for the chunks until they are written, and afterwards. */
  List<ChunkBytes> chunks() {
    return chunks;
  }

  /** Null until {@link #begin}. */
  @Nullable SnapshotManifest manifest() {
    return manifest;
  }

  /**
   * Announces the snapshot in the log and begins to write.
   *
   * @param newOnDurable runs when chunks, manifest and announcement are durable; not after {@link
   *     #abandon}
   */
  void begin(SnapshotManifest newManifest, Runnable newOnDurable) {
    assert manifest == null && newManifest.chunkCount() == chunks.size();
    manifest = newManifest;
    onDurable = newOnDurable;
    log.writeSnapshotIntent(
        newManifest.index(),
        newManifest.term(),
        newManifest.membersView(),
        newManifest.chunkCount());
    writer = store.begin(newManifest, view.mostBytes());
    scheduleSlice(PAUSE_NANOS);
  }

  private void scheduleSlice(long delayNanos) {
    if (!sliceScheduled) {
      sliceScheduled = true;
      EventLoop.Timer unused = loop.schedule(this::slice, delayNanos);
    }
  }

  private void slice() {
    sliceScheduled = false;
    boolean hurried = lagsBehind();
    long end = loop.nanoTime() + (hurried ? HURRIED_SLICE_NANOS : SLICE_NANOS);
    int left = sliceRecords;
    while (mayWrite() && left > 0 && loop.nanoTime() < end) {
      int step = Math.min(left, STEP_RECORDS);
      left -= step;
      byte[] chunk = view.write(step);
      if (chunk != null) {
        give(chunk);
      }
    }
    if (mayWrite()) {
      scheduleSlice(hurried ? 0 : PAUSE_NANOS);
    }
  }

  private boolean mayWrite() {
    return !ended && written < chunks.size() && written - durable < MOST_UNWRITTEN_CHUNKS;
  }

  /** Whether less of it is written than of the way to the next one's half is gone. */
  private boolean lagsBehind() {
    long since = log.lastIndex() - Objects.requireNonNull(manifest).index();
    return 2L * since * chunks.size() > (long) (written + 1) * entriesToNext;
  }

  private void give(byte[] bytes) {
    SnapshotWriter to = Objects.requireNonNull(writer);
    int number = written;
    written++;
    ChunkBytes chunk = chunks.get(number);
    chunk.written(bytes);
    to.write(
        number,
        bytes,
        () -> {
          durable++;
          chunk.moveToFile(store, Objects.requireNonNull(manifest));
          if (mayWrite()) {
            scheduleSlice(0);
          }
        });
    if (written == chunks.size()) {
      view.letGo();
      to.commit(
          () -> {
            ended = true;
            onDurable.run();
          });
    }
  }

  /** Another snapshot takes its place: its files go. */
  void abandon() {
    stop();
    if (writer != null) {
      writer.abandon();
    }
  }

  /** The replica ends; what was written is left as a crash would leave it. */
  void stop() {
    ended = true;
    view.letGo();
  }
}
