package io.shardwell.storage;

import java.io.IOException;

/**
 * Bytes that had been durable are missing or changed: the node must not vote with what is left.
 * Names the place, so that the operator knows which disk to distrust.
 */
public final class DamagedStorageException extends IOException {
  private static final long serialVersionUID = 1;

  /** In place of a group when the damage cannot be pinned to one. */
  public static final int NO_GROUP = -1;

  private final String file;
  private final long offset;
  private final int group;

  DamagedStorageException(String file, long offset, int group, String what) {
    super(
        what
            + " (file "
            + file
            + ", offset "
            + offset
            + (group == NO_GROUP ? "" : ", group " + group)
            + ")");
    this.file = file;
    this.offset = offset;
    this.group = group;
  }

  /** Name of the file inside the data directory. */
  public String file() {
    return file;
  }

  /** Byte offset in the file where the first bad structure begins. */
  public long offset() {
    return offset;
  }

  /** Group whose bytes are damaged, or {@link #NO_GROUP}. */
  public int group() {
    return group;
  }
}
