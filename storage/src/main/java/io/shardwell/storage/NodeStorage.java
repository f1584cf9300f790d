package io.shardwell.storage;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Everything durable of one node, opened: lock taken, format checked before anything is replayed,
 * log recovered, every file that was read made durable. Loop thread only afterwards.
 */
public final class NodeStorage {
  private NodeStorage() {}

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
    return Pending.value();
  }

  /** Never null; {@link NodeMetadata#empty()} on a new directory. */
  public NodeMetadata metadata() {
    return Pending.value();
  }

  /** Blocks; only at start-up. After a crash at any byte the old or the new metadata is there. */
  public void saveMetadata(NodeMetadata metadata) throws IOException {
    Pending.value();
  }

  /** As above, off the loop; {@code onDurable} runs on the loop. Saves take effect in order. */
  public void saveMetadata(NodeMetadata metadata, Runnable onDurable) {
    Pending.value();
  }

  public SharedLog log() {
    return Pending.value();
  }

  /** What recovery found, by group id, in order of id. Held until {@link #releaseRecovered}. */
  public Map<Integer, RecoveredReplica> recovered() {
    return Pending.value();
  }

  /** Drops the recovered entries from memory once the replicas have them. */
  public void releaseRecovered() {}

  public SnapshotStore snapshots() {
    return Pending.value();
  }

  /** For the node's log, e.g. "cut 213 bytes of a torn write at log/... offset ...". */
  public List<String> recoveryNotes() {
    return Pending.value();
  }

  /** Clean stop: blocks, marks what is synced if nothing is under way, releases the directory. */
  public void close() {}
}
