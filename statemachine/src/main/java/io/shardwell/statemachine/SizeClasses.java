package io.shardwell.statemachine;

/**
 * How many records are larger than 32, 64, ... 1024 KiB: from that follows, without a look at the
 * records, how many chunks they need at most.
 */
final class SizeClasses {
  private static final int SMALLEST_BITS = 15;
  private static final int CLASSES = 6;

  /** What is written with a record besides what was counted, at most, in bytes. */
  private static final int MOST_ADDED_BYTES = 64;

  // Invariant: largerThan[i] records have more than 2^(15 + i) bytes.
  private final long[] largerThan = new long[CLASSES];

  /** Counts a record of so many bytes in (1) or out (-1). */
  void count(int bytes, int change) {
    for (int i = 0; i < CLASSES && bytes > 1 << (SMALLEST_BITS + i); i++) {
      largerThan[i] += change;
    }
  }

  void add(SizeClasses others) {
    for (int i = 0; i < CLASSES; i++) {
      largerThan[i] += others.largerThan[i];
    }
  }

  /**
   * How many chunks a stream of records needs at most, if a chunk ends where the next record does
   * not fit, and a record that fits no chunk gets one for itself.
   *
   * <p>Two neighbours together hold more than one chunk can, hence the first bound. For any size s,
   * a chunk that was ended by a record of at most s bytes lacks less than s of being full, and no
   * more chunks were ended by larger records than there are: hence the others.
   *
   * @param bytes of all records together
   * @param capacity of a chunk, in bytes
   */
  long mostChunks(long bytes, long capacity) {
    long most = 2 * bytes / capacity + 1;
    for (int i = 0; i < CLASSES; i++) {
      long size = (1L << (SMALLEST_BITS + i)) + MOST_ADDED_BYTES;
      if (size < capacity) {
        most = Math.min(most, bytes / (capacity - size) + largerThan[i] + 1);
      }
    }
    return most;
  }
}
