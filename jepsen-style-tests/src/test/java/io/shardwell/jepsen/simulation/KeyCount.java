package io.shardwell.jepsen.simulation;

/**
 * How many keys there can be at most: as many as clients write, and once nobody writes any more, as
 * many as there were at the last look. What is wrong throws IllegalArgumentException, as any reply
 * does that cannot be.
 */
final class KeyCount {
  private final boolean onlyFalls;
  private long most;

  private KeyCount(boolean onlyFalls, long most) {
    this.onlyFalls = onlyFalls;
    this.most = most;
  }

  static KeyCount atMost(int keys) {
    return new KeyCount(false, keys);
  }

  /** While nobody writes: keys can only expire. */
  static KeyCount falling(int keys) {
    return new KeyCount(true, keys);
  }

  /** Somebody was told of so many keys. */
  void sees(long count) {
    if (count < 0 || count > most) {
      throw new IllegalArgumentException(count + " keys where there can be at most " + most);
    }
    most = onlyFalls ? count : most;
  }
}
