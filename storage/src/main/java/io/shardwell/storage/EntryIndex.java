package io.shardwell.storage;

import java.util.Arrays;

/**
 * Where the entries of one group are in the log: a ring of primitives, 16 bytes an entry.
 *
 * <p>Positions are those of {@link SharedLog}, of the record's first byte. They need not ascend
 * with the index: an entry may have been moved behind younger ones. Recovery may know of an entry
 * only that it exists: its segment is gone, because something later made it obsolete or moved it.
 */
final class EntryIndex {
  private static final long ABSENT = -1;
  private static final int MIN_SLOTS = 16;

  // Invariant: first >= 1, and last >= first - 1; the entries held are first..last.
  private long first = 1;
  private long last;
  // Invariant: a power of two slots; entry i is in slot i & (slots - 1); last - first < slots.
  private long[] positions = new long[MIN_SLOTS];
  private int[] lengths = new int[MIN_SLOTS];
  private int[] terms = new int[MIN_SLOTS];

  long first() {
    return first;
  }

  long last() {
    return last;
  }

  boolean isEmpty() {
    return last < first;
  }

  boolean holds(long index) {
    return first <= index && index <= last;
  }

  /** Whether the entry is held and its bytes are in a segment that is there. */
  boolean isPresent(long index) {
    return holds(index) && positions[slot(index)] != ABSENT;
  }

  long position(long index) {
    assert isPresent(index) : index;
    return positions[slot(index)];
  }

  int length(long index) {
    assert isPresent(index) : index;
    return lengths[slot(index)];
  }

  int term(long index) {
    assert isPresent(index) : index;
    return terms[slot(index)];
  }

  void append(long index, int term, long position, int length) {
    assert index == last + 1 : index + " behind " + last;
    assert isEmpty() || !isPresent(last) || position > positions[slot(last)];
    ensureSlots(last + 2 - first);
    int slot = slot(index);
    positions[slot] = position;
    lengths[slot] = length;
    terms[slot] = term;
    last = index;
  }

  /**
   * The entry's record is elsewhere now: moved, or found by recovery, which knew no place of it.
   */
  void move(long index, int term, long position, int length) {
    assert holds(index) : index;
    int slot = slot(index);
    assert positions[slot] == ABSENT || (terms[slot] == term && lengths[slot] == length) : index;
    positions[slot] = position;
    lengths[slot] = length;
    terms[slot] = term;
  }

  /** The lowest position of an entry held; Long.MAX_VALUE if none is. Looks at each. */
  long lowestPosition() {
    long lowest = Long.MAX_VALUE;
    for (long index = first; index <= last; index++) {
      lowest = Math.min(lowest, position(index));
    }
    return lowest;
  }

  void truncateFrom(long index) {
    assert index >= first : index + " below " + first;
    last = Math.min(last, index - 1);
  }

  void truncateUntil(long index) {
    assert index <= last : index + " above " + last;
    first = Math.max(first, index + 1);
    int slots = positions.length;
    if (slots > MIN_SLOTS && last + 1 - first < slots / 8) {
      resize(slots / 4);
    }
  }

  /** Empty, the next entry being {@code base + 1}. */
  void reset(long base) {
    first = base + 1;
    last = base;
    resize(MIN_SLOTS);
  }

  /** Entries newFirst..newLast, of which nothing else is known. */
  void resetToAbsent(long newFirst, long newLast) {
    assert newFirst >= 1 && newLast >= newFirst - 1;
    reset(newFirst - 1);
    ensureSlots(newLast - newFirst + 1);
    last = newLast;
    Arrays.fill(positions, ABSENT);
  }

  EntryIndex copy() {
    EntryIndex copy = new EntryIndex();
    copy.first = first;
    copy.last = last;
    copy.positions = positions.clone();
    copy.lengths = lengths.clone();
    copy.terms = terms.clone();
    return copy;
  }

  private int slot(long index) {
    return (int) (index & (positions.length - 1));
  }

  private void ensureSlots(long count) {
    int slots = positions.length;
    while (slots < count) {
      slots = Math.multiplyExact(slots, 2);
    }
    if (slots != positions.length) {
      resize(slots);
    }
  }

  private void resize(int slots) {
    long[] newPositions = new long[slots];
    int[] newLengths = new int[slots];
    int[] newTerms = new int[slots];
    for (long index = first; index <= last; index++) {
      int from = slot(index);
      int to = (int) (index & (slots - 1));
      newPositions[to] = positions[from];
      newLengths[to] = lengths[from];
      newTerms[to] = terms[from];
    }
    positions = newPositions;
    lengths = newLengths;
    terms = newTerms;
  }
}
