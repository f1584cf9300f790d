package io.shardwell.raftgroup.replica;

import io.shardwell.storage.ReplicaLog;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one log entry, shared by MicroRaft's log, the wire and the state machine.
 *
 * <p>MicroRaft's ring counts entries, not bytes, so what is applied and no longer recent gives its
 * bytes back ({@link #drop}); a laggard that still wants them has them read from the log again
 * (MICRORAFT B10). Loop thread only.
 */
public final class LogBytes {

  // Invariant: bytes != null, or log != null and the log holds this entry at index. So the bytes of
  // an entry that may yet be truncated from the log's tail are read back before it is.
  private byte @Nullable [] bytes;
  private final int size;
  private long index;
  private @Nullable ReplicaLog log;

  public LogBytes(byte[] bytes) {
    this.bytes = bytes;
    this.size = bytes.length;
  }

  private LogBytes(int size, long index, ReplicaLog log) {
    this.size = size;
    this.index = index;
    this.log = log;
  }

  /** Of an entry that recovery found: its bytes stay in the log until they are asked for. */
  static LogBytes inLog(int size, long index, ReplicaLog log) {
    return new LogBytes(size, index, log);
  }

  /** The entry was appended: from now on its bytes may be dropped. */
  void appended(long newIndex, ReplicaLog newLog) {
    index = newIndex;
    log = newLog;
  }

  /** Length in bytes, whether they are in memory or not. */
  public int size() {
    return size;
  }

  /** The bytes; reads them back from the log if they were dropped. Callers do not change them. */
  public byte[] bytes() {
    byte[] held = bytes;
    if (held != null) {
      return held;
    }
    ReplicaLog source = log;
    if (source == null) {
      throw new IllegalStateException("entry bytes dropped before they were in the log");
    }
    byte[] read = source.readEntry(index);
    if (read.length != size) {
      throw new IllegalStateException(
          "entry " + index + " read back with " + read.length + " bytes instead of " + size);
    }
    return read;
  }

  boolean isInMemory() {
    return bytes != null;
  }

  /** The entry is about to leave the log's tail, but a message that waits may still name it. */
  void keep() {
    bytes = bytes();
  }

  void drop() {
    assert log != null : "only appended entries may be dropped";
    bytes = null;
  }
}
