package io.shardwell.storage;

import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * Everything durable of one node, opened: lock taken, format checked before anything is replayed,
 * log recovered, every file that was read made durable. Loop thread only afterwards.
 */
public final class NodeStorage {
  private final DiskWork work;
  private final FaultHandler faults;
  private final SharedLog log;
  private final SnapshotStore snapshots;
  private final List<String> recoveryNotes;
  private Map<Integer, RecoveredReplica> recovered;
  private NodeMetadata metadata;

  private NodeStorage(
      DiskWork work,
      FaultHandler faults,
      NodeMetadata metadata,
      SharedLog log,
      SnapshotStore snapshots,
      Recovery recovery) {
    this.work = work;
    this.faults = faults;
    this.metadata = metadata;
    this.log = log;
    this.snapshots = snapshots;
    this.recovered = Collections.unmodifiableMap(recovery.recovered());
    this.recoveryNotes = List.copyOf(recovery.notes());
  }

  /**
   * Opens and recovers; blocks. A crash inside is harmless, opening may be repeated any number of
   * times.
   *
   * @throws DirectoryInUseException another process holds the directory
   * @throws UnknownFormatException written by another version, or not a data directory
   * @throws DamagedStorageException something durable is missing or changed
   * @throws IOException the disk failed
   */
  public static NodeStorage open(Disk disk, StorageLimits limits, FaultHandler faults)
      throws IOException {
    disk.lock();
    boolean opened = false;
    try {
      FormatFile.writeOrCheck(disk);
      NodeMetadata metadata = MetadataFile.read(disk);
      Recovery recovery = new Recovery(disk);
      recovery.run(metadata);
      DiskWork work = new DiskWork(disk, faults);
      SharedLog log = recovery.openLog(work, limits);
      SnapshotStore snapshots = new SnapshotStore(work, log, recovery.snapshots());
      opened = true;
      return new NodeStorage(
          work,
          faults,
          metadata == null ? NodeMetadata.empty() : metadata,
          log,
          snapshots,
          recovery);
    } finally {
      if (!opened) {
        disk.close();
      }
    }
  }

  /** What was saved last; {@link NodeMetadata#empty()} on a new directory. */
  public NodeMetadata metadata() {
    return metadata;
  }

  /** Blocks; only at start-up. After a crash at any byte the old or the new metadata is there. */
  public void saveMetadata(NodeMetadata newMetadata) throws IOException {
    assert work.isIdle() : "a blocking save would overtake what is under way";
    MetadataFile.write(work.disk(), newMetadata);
    metadata = newMetadata;
  }

  /**
   * Saves off the loop; {@code onDurable} runs on the loop. Saves take effect in order, and {@link
   * #metadata} is the newest one asked for, durable or not.
   */
  public void saveMetadata(NodeMetadata newMetadata, Runnable onDurable) {
    metadata = newMetadata;
    work.submit("save the metadata", () -> MetadataFile.write(work.disk(), newMetadata), onDurable);
  }

  public SharedLog log() {
    return log;
  }

  /** What recovery found, by group id, in order of id. Held until {@link #releaseRecovered}. */
  public Map<Integer, RecoveredReplica> recovered() {
    return recovered;
  }

  /** Drops the recovered entries from memory once the replicas have them. */
  public void releaseRecovered() {
    recovered = new TreeMap<>();
  }

  public SnapshotStore snapshots() {
    return snapshots;
  }

  /** For the node's log, e.g. "cut 213 bytes of a torn write at log/... offset ...". */
  public List<String> recoveryNotes() {
    return recoveryNotes;
  }

  /**
   * Asks the disk, off the loop and behind all file work submitted before, how many bytes can still
   * be written besides the snapshots under way; {@code onLoop} gets the answer on the loop. An I/O
   * error is a fault like any other, and then no answer comes.
   */
  public void measureFreeBytes(LongConsumer onLoop) {
    AtomicLong free = new AtomicLong();
    long outstanding = snapshots.outstandingBytes();
    work.submitBehind(
        "measure the free space",
        () -> free.set(work.disk().freeBytes()),
        () -> onLoop.accept(Math.max(0, free.get() - outstanding)));
  }

  /**
   * Bytes appended to the log and given to snapshots since the directory was opened: what {@link
   * #measureFreeBytes} does not know yet is at most what this grew by since.
   */
  public long writtenBytes() {
    return log.appendedPosition() + snapshots.givenBytes();
  }

  /**
   * Clean stop: blocks, marks what is synced if nothing is under way, releases the directory. What
   * was not synced before may or may not be there at the next start, as after a crash.
   */
  public void close() {
    try {
      boolean sound = !work.isStopped();
      work.close();
      try {
        if (sound) {
          log.close();
        }
      } finally {
        work.disk().close();
      }
    } catch (IOException e) {
      faults.fault("cannot close the data directory: " + e.getMessage(), e);
    }
  }
}
