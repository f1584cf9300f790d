package io.shardwell.statemachine;

import java.util.Arrays;

/**
 * Some entries of a {@link KeyTable}: all whose hashes begin with the same {@link #depth} bits.
 * Parallel arrays, so an entry costs 40 bytes and its record, and no object of its own.
 */
final class Page {
  private static final int SMALLEST_CAPACITY = 4;

  // Invariant: hashes[0..size) ascend as unsigned numbers, and share their first `depth` bits.
  long[] hashes;
  long[] deadlines;
  long[] versions;
  long[] recencies;
  final Records records;
  int size;
  int depth;
  // The table's freeze that this page was last changed after.
  int freeze;

  Page(int depth, int capacity) {
    this.depth = depth;
    hashes = new long[capacity];
    deadlines = new long[capacity];
    versions = new long[capacity];
    recencies = new long[capacity];
    records = new Records(capacity);
  }

  static Page empty(int depth) {
    return new Page(depth, SMALLEST_CAPACITY);
  }

  /** The same entries in arrays of its own; large records are shared, they never change. */
  Page copy() {
    Page copy = new Page(depth, size);
    copy.appendAll(this, 0);
    return copy;
  }

  /** How many hashes begin with the page's prefix; 0 for all of them. */
  long span() {
    return depth == 0 ? 0 : 1L << (64 - depth);
  }

  /** The first position whose hash is not below the given one; size if there is none. */
  int lowerBound(long hash) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(hashes[middle], hash) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The recency of an entry if the policy may evict it, else {@link TournamentTree#NOBODY}. */
  long rank(int at, EvictionPolicy policy) {
    boolean competes =
        switch (policy) {
          case NOEVICTION -> false;
          case ALLKEYS_LRU -> true;
          case VOLATILE_LRU -> deadlines[at] != Keyspace.NO_DEADLINE;
        };
    return competes ? recencies[at] : TournamentTree.NOBODY;
  }

  /** The least rank of all entries. */
  long leastRank(EvictionPolicy policy) {
    long least = TournamentTree.NOBODY;
    for (int i = 0; i < size; i++) {
      least = Math.min(least, rank(i, policy));
    }
    return least;
  }

  void insert(
      int at, long hash, byte[] key, byte[] value, long deadline, long version, long recency) {
    assert at == size || Long.compareUnsigned(hash, hashes[at]) <= 0;
    assert at == 0 || Long.compareUnsigned(hashes[at - 1], hash) <= 0;
    if (size == hashes.length) {
      resize(size + Math.max(SMALLEST_CAPACITY, size / 2));
    }
    int moved = size - at;
    System.arraycopy(hashes, at, hashes, at + 1, moved);
    System.arraycopy(deadlines, at, deadlines, at + 1, moved);
    System.arraycopy(versions, at, versions, at + 1, moved);
    System.arraycopy(recencies, at, recencies, at + 1, moved);
    records.shift(at, at + 1, moved);
    records.vacate(at);
    hashes[at] = hash;
    size++;
    records.add(at, key, value, size);
    stamp(at, deadline, version, recency);
  }

  /** Gives an entry another record, with the same key. */
  void replace(int at, byte[] key, byte[] value) {
    records.replace(at, key, value, size);
  }

  void stamp(int at, long deadline, long version, long recency) {
    deadlines[at] = deadline;
    versions[at] = version;
    recencies[at] = recency;
  }

  void remove(int at) {
    int moved = size - at - 1;
    System.arraycopy(hashes, at + 1, hashes, at, moved);
    System.arraycopy(deadlines, at + 1, deadlines, at, moved);
    System.arraycopy(versions, at + 1, versions, at, moved);
    System.arraycopy(recencies, at + 1, recencies, at, moved);
    records.forget(at);
    records.shift(at + 1, at, moved);
    size--;
    records.vacate(size);
    if (hashes.length > SMALLEST_CAPACITY && size < hashes.length / 4) {
      resize(Math.max(SMALLEST_CAPACITY, hashes.length / 2));
      records.trim(size);
    }
  }

  /** Keeps the entries whose next bit is 0 and returns a page with the others. */
  Page split() {
    assert depth < 63;
    long nextBit = 1L << (63 - depth);
    int from = 0;
    while (from < size && (hashes[from] & nextBit) == 0) {
      from++;
    }
    depth++;
    Page upper = new Page(depth, Math.max(SMALLEST_CAPACITY, size - from));
    upper.freeze = freeze;
    upper.appendAll(this, from);
    for (int i = from; i < size; i++) {
      records.forget(i);
    }
    size = from;
    resize(Math.max(SMALLEST_CAPACITY, size));
    records.trim(size);
    return upper;
  }

  /** Takes the entries of the page that follows this one, whose prefix differs in the last bit. */
  void merge(Page upper) {
    assert depth == upper.depth && depth > 0;
    if (hashes.length < size + upper.size) {
      resize(size + upper.size);
    }
    appendAll(upper, 0);
    depth--;
  }

  private void appendAll(Page other, int from) {
    int count = other.size - from;
    System.arraycopy(other.hashes, from, hashes, size, count);
    System.arraycopy(other.deadlines, from, deadlines, size, count);
    System.arraycopy(other.versions, from, versions, size, count);
    System.arraycopy(other.recencies, from, recencies, size, count);
    records.append(other.records, from, count, size);
    size += count;
  }

  private void resize(int capacity) {
    hashes = Arrays.copyOf(hashes, capacity);
    deadlines = Arrays.copyOf(deadlines, capacity);
    versions = Arrays.copyOf(versions, capacity);
    recencies = Arrays.copyOf(recencies, capacity);
    records.resize(capacity, size);
  }

  /** Checks every invariant of the entries' order and records; for tests. */
  void check() {
    for (int i = 1; i < size; i++) {
      assert Long.compareUnsigned(hashes[i - 1], hashes[i]) <= 0 : "order";
    }
    records.check(size);
  }
}
