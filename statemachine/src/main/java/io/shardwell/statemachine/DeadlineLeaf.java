package io.shardwell.statemachine;

/** A sorted run of a {@link DeadlineIndex}: parallel arrays and the sum of the weights. */
final class DeadlineLeaf {
  /** Most items. */
  static final int CAPACITY = 128;

  private final long[] deadlines = new long[CAPACITY];
  private final long[] hashes = new long[CAPACITY];
  private final int[] weights = new int[CAPACITY];
  private int size;
  // Invariant: the sum of weights[0..size).
  private long weight;

  int size() {
    return size;
  }

  boolean isFull() {
    return size == CAPACITY;
  }

  long deadline(int at) {
    return deadlines[at];
  }

  long hash(int at) {
    return hashes[at];
  }

  int weight(int at) {
    return weights[at];
  }

  /** Less than, equal to or greater than 0 as the item here is below, equal to or above another. */
  int compare(int at, long deadline, long hash, int itemWeight) {
    int order = Long.compare(deadlines[at], deadline);
    if (order == 0) {
      order = Long.compare(hashes[at], hash);
    }
    return order == 0 ? Integer.compare(weights[at], itemWeight) : order;
  }

  /** The weight of the items at from..to-1. */
  long weight(int from, int to) {
    if (from == 0 && to == size) {
      return weight;
    }
    long sum = 0;
    for (int i = from; i < to; i++) {
      sum += weights[i];
    }
    return sum;
  }

  /** How many items have a deadline not after the given one. */
  int countUpTo(long deadline) {
    if (deadlines[size - 1] <= deadline) {
      return size;
    }
    return lowerBound(deadline + 1, Long.MIN_VALUE, Integer.MIN_VALUE);
  }

  void add(long deadline, long hash, int itemWeight) {
    int at = lowerBound(deadline, hash, itemWeight);
    move(at, at + 1);
    deadlines[at] = deadline;
    hashes[at] = hash;
    weights[at] = itemWeight;
    weight += itemWeight;
  }

  void remove(long deadline, long hash, int itemWeight) {
    int at = lowerBound(deadline, hash, itemWeight);
    if (at == size || compare(at, deadline, hash, itemWeight) != 0) {
      throw new AssertionError("no item " + deadline + " " + hash + " " + itemWeight);
    }
    move(at + 1, at);
    weight -= itemWeight;
  }

  /** Keeps the lower half and returns a leaf with the upper one. */
  DeadlineLeaf splitInHalf() {
    DeadlineLeaf upper = new DeadlineLeaf();
    int kept = size / 2;
    upper.append(this, kept);
    size = kept;
    weight -= upper.weight;
    return upper;
  }

  /** Whether both would fit into half a leaf, so that a merged leaf is not split again at once. */
  boolean canTake(DeadlineLeaf upper) {
    return size + upper.size <= CAPACITY / 2;
  }

  void addAll(DeadlineLeaf upper) {
    append(upper, 0);
  }

  private void append(DeadlineLeaf other, int from) {
    int count = other.size - from;
    System.arraycopy(other.deadlines, from, deadlines, size, count);
    System.arraycopy(other.hashes, from, hashes, size, count);
    System.arraycopy(other.weights, from, weights, size, count);
    for (int i = size; i < size + count; i++) {
      weight += weights[i];
    }
    size += count;
  }

  private void move(int from, int to) {
    System.arraycopy(deadlines, from, deadlines, to, size - from);
    System.arraycopy(hashes, from, hashes, to, size - from);
    System.arraycopy(weights, from, weights, to, size - from);
    size += to - from;
  }

  private int lowerBound(long deadline, long hash, int itemWeight) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (compare(middle, deadline, hash, itemWeight) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Checks every invariant; for tests. */
  void check() {
    long sum = 0;
    for (int i = 0; i < size; i++) {
      assert i == 0 || compare(i - 1, deadlines[i], hashes[i], weights[i]) <= 0 : "order";
      sum += weights[i];
    }
    assert sum == weight : "sum";
  }
}
