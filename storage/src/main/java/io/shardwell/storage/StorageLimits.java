package io.shardwell.storage;

/**
 * Sizes of the log, in bytes. They may differ from start to start: nothing on disk depends on them.
 *
 * @param segmentBytes nominal size of a log segment; a new one begins when less than a sixteenth of
 *     it is left, and a turn that does not fit makes its segment longer. 1 KiB to 1 GiB.
 * @param prewriteBytes how far in front of the log's end zeros are written, because fdatasync of
 *     bytes that overwrite costs half of one that makes the file grow; 0 switches it off
 */
public record StorageLimits(int segmentBytes, int prewriteBytes) {
  /** 64 MiB segments, 4 MiB of zeros ahead. */
  public static final StorageLimits DEFAULT = new StorageLimits(64 << 20, 4 << 20);

  /** For tests and simulations: 8 KiB segments, so that rolling happens all the time. */
  public static final StorageLimits SMALL = new StorageLimits(8 << 10, 1 << 10);

  public StorageLimits {
    if (segmentBytes < 1 << 10 || segmentBytes > 1 << 30) {
      throw new IllegalArgumentException(
          "segmentBytes must be 1 KiB to 1 GiB, not " + segmentBytes);
    }
    if (prewriteBytes < 0 || prewriteBytes > segmentBytes) {
      throw new IllegalArgumentException(
          "prewriteBytes must be 0 to segmentBytes, not " + prewriteBytes);
    }
  }

  /** A turn begins a new segment when less than this is left in the current one. */
  int rollBytes() {
    return segmentBytes - segmentBytes / 16;
  }

  /** A segment's file longer than this, because of a huge turn, is not used again. */
  int recycledBytes() {
    return segmentBytes + segmentBytes / 4;
  }

  /** Records of a laggard are appended again in slices of this size, one slice a turn. */
  int rewriteSliceBytes() {
    return Math.min(segmentBytes / 4, 256 << 10);
  }

  /** Zeros are written in slices of this size, so that a turn never waits long behind one. */
  int prewriteSliceBytes() {
    return Math.max(1, Math.min(prewriteBytes / 2, 256 << 10));
  }
}
