package io.shardwell.statemachine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The records of a page's entries, by position. Small ones share one array, the block; large ones
 * have an array each.
 *
 * <p>Why not an array for each: the header of an object and the rounding cost some 20 bytes a key.
 * And a new object in the place of an old one is a reference in old memory that changed: the next
 * collection of young memory has to look at each such place, and pauses for about a microsecond for
 * each key written since the last one (docs/memory.md). Bytes in a block cost a collection nothing,
 * and a record that is as long as the one it replaces is written over it.
 *
 * <p>Otherwise a record goes to the block's end, and what it replaces is garbage. When the end is
 * reached the block is packed, into the same array unless that has become too small or far too
 * large. A new array leaves a fifth free, so packing moves about four bytes for each that is
 * written.
 */
final class Records {
  /** Records from this length on have arrays of their own, which never change. */
  static final int LARGE_BYTES = 1024;

  private static final byte[] EMPTY = {};

  private byte[] block = EMPTY;
  // Invariant: the small records lie in [0, end) of the block and do not overlap; together they
  // have `live` bytes.
  private int end;
  private int live;
  // Where a small record begins in the block; undefined for a large one.
  private int[] starts;
  private int[] lengths;
  // Invariant: null at the positions of small records; null altogether if there never was a large
  // one.
  private byte @Nullable [] @Nullable [] large;

  Records(int capacity) {
    starts = new int[capacity];
    lengths = new int[capacity];
  }

  /** How many positions there is room for. */
  int capacity() {
    return lengths.length;
  }

  /** The array that holds a record: from {@link #from}, {@link #length} bytes. */
  byte[] array(int at) {
    byte[] own = large == null ? null : large[at];
    return own == null ? block : own;
  }

  int from(int at) {
    return isLarge(at) ? 0 : starts[at];
  }

  int length(int at) {
    return lengths[at];
  }

  private boolean isLarge(int at) {
    return lengths[at] >= LARGE_BYTES;
  }

  /** Puts a record at a position that has none, below `size`. */
  void add(int at, byte[] key, byte[] value, int size) {
    int length = EntryRecord.length(key.length, value.length);
    if (length >= LARGE_BYTES) {
      addLarge(at, EntryRecord.of(key, value));
    } else {
      int start = reserve(at, length, size); // May put another block into the place of this one.
      EntryRecord.write(key, value, block, start);
    }
  }

  /** Puts another record in the place of one. */
  void replace(int at, byte[] key, byte[] value, int size) {
    if (!isLarge(at) && lengths[at] == EntryRecord.length(key.length, value.length)) {
      EntryRecord.write(key, value, block, starts[at]);
    } else {
      forget(at);
      add(at, key, value, size);
    }
  }

  /** Moves the records from a position on up or down, over those that are forgotten. */
  void shift(int from, int to, int count) {
    System.arraycopy(starts, from, starts, to, count);
    System.arraycopy(lengths, from, lengths, to, count);
    if (large != null) {
      System.arraycopy(large, from, large, to, count);
    }
  }

  /** The record at a position is not needed any more. */
  void forget(int at) {
    live -= isLarge(at) ? 0 : lengths[at];
    vacate(at);
  }

  /** The position holds no record: what it held was moved or forgotten. */
  void vacate(int at) {
    starts[at] = 0;
    lengths[at] = 0;
    if (large != null) {
      large[at] = null;
    }
  }

  /** Makes room for so many positions, of which the first `size` hold records. */
  void resize(int capacity, int size) {
    starts = Arrays.copyOf(starts, capacity);
    lengths = Arrays.copyOf(lengths, capacity);
    if (large != null) {
      large = Arrays.copyOf(large, capacity);
    }
    assert size <= capacity : "records would be lost";
  }

  /** Copies records of other positions behind the first `size`, in a block without garbage. */
  void append(Records other, int from, int count, int size) {
    int more = 0;
    for (int i = from; i < from + count; i++) {
      more += other.isLarge(i) ? 0 : other.lengths[i];
    }
    if (block.length - end < more || block.length > 4 * (live + more)) {
      pack(live + more, size);
    }
    for (int i = 0; i < count; i++) {
      if (other.isLarge(from + i)) {
        addLarge(size + i, other.array(from + i));
      } else {
        int length = other.lengths[from + i];
        System.arraycopy(other.block, other.starts[from + i], block, end, length);
        took(size + i, length);
      }
    }
  }

  /** Drops the garbage and what is free. */
  void trim(int size) {
    pack(live, size);
  }

  private void addLarge(int at, byte[] record) {
    if (large == null) {
      large = new byte[capacity()][];
    }
    large[at] = record;
    lengths[at] = record.length;
  }

  /** Room for a small record; returns where it is to be written. */
  private int reserve(int at, int length, int size) {
    if (block.length - end < length) {
      int wanted = live + length;
      int roomy = wanted + wanted / 4;
      // Less than a ninth free, and packing would soon come again; half of it, and it is waste.
      boolean fits = block.length >= wanted + wanted / 8 && block.length <= 2 * roomy;
      pack(fits ? block.length : roomy, size);
    }
    int start = end;
    took(at, length);
    return start;
  }

  private void took(int at, int length) {
    starts[at] = end;
    lengths[at] = length;
    end += length;
    live += length;
    assert end <= block.length;
  }

  /** Moves the small records of the first `size` positions together, in a block of this length. */
  private void pack(int capacity, int size) {
    byte[] packed = new byte[capacity];
    int to = 0;
    for (int i = 0; i < size; i++) {
      if (!isLarge(i)) {
        System.arraycopy(block, starts[i], packed, to, lengths[i]);
        starts[i] = to;
        to += lengths[i];
      }
    }
    assert to == live : to + " bytes, counted " + live;
    end = to;
    if (capacity == block.length) {
      // The old array is in old memory, mostly; the new one would be one more reference there.
      System.arraycopy(packed, 0, block, 0, to);
    } else {
      block = packed;
    }
  }

  /** Checks every invariant; for tests. */
  void check(int size) {
    int bytes = 0;
    boolean[] taken = new boolean[block.length];
    for (int i = 0; i < size; i++) {
      boolean own = large != null && large[i] != null;
      assert own == isLarge(i) : "large";
      for (int j = 0; !own && j < lengths[i]; j++) {
        assert !taken[starts[i] + j] && starts[i] + j < end : "records overlap";
        taken[starts[i] + j] = true;
      }
      bytes += own ? 0 : lengths[i];
    }
    for (int i = size; i < capacity(); i++) {
      assert lengths[i] == 0 && (large == null || large[i] == null) : "a record behind the last";
    }
    assert bytes == live && live <= end && end <= block.length : "sums";
  }
}
