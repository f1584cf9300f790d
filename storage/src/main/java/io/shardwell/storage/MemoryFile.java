package io.shardwell.storage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A simulated file: what a reader sees, and how to get from there to what is durable.
 *
 * <p>Kept as the visible bytes and the list of changes since the last sync. Undoing all of them,
 * last first, gives the durable bytes; a power cut does that and then redoes an arbitrary part.
 */
final class MemoryFile {
  /**
   * One write or truncation that is not durable.
   *
   * @param before the bytes it replaced, as far as the file had any there
   * @param lost a sync failed after it: like Linux, the disk believes these bytes clean, and no
   *     later sync makes them durable
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Change(
      long position, byte[] before, int sizeBefore, byte[] after, int sizeAfter, boolean lost) {
    boolean truncates() {
      return after.length == 0;
    }
  }

  // Invariant: bytes at and behind size are zero.
  private byte[] bytes = new byte[64];
  private int size;
  // Oldest first.
  private List<Change> unsynced = new ArrayList<>();

  int size() {
    return size;
  }

  int read(long position, byte[] into, int length) {
    if (position >= size) {
      return 0;
    }
    int count = (int) Math.min(length, size - position);
    System.arraycopy(bytes, (int) position, into, 0, count);
    return count;
  }

  void write(long position, byte[] data) {
    if (data.length == 0) {
      return;
    }
    int from = Math.toIntExact(position);
    int to = Math.addExact(from, data.length);
    byte[] before = from < size ? Arrays.copyOfRange(bytes, from, Math.min(to, size)) : new byte[0];
    unsynced.add(new Change(from, before, size, data, Math.max(size, to), false));
    put(from, data, 0, data.length);
  }

  void truncate(long newSize) {
    if (newSize >= size) {
      return;
    }
    int to = Math.toIntExact(newSize);
    byte[] before = Arrays.copyOfRange(bytes, to, size);
    unsynced.add(new Change(to, before, size, new byte[0], to, false));
    cut(to);
  }

  void sync() {
    if (unsynced.stream().noneMatch(Change::lost)) {
      unsynced.clear();
      return;
    }
    // What the disk believes clean stays only visible: durable is everything else, in order.
    MemoryFile durable = copy();
    durable.undoAll();
    for (Change change : unsynced) {
      if (!change.lost()) {
        durable.redo(change, 0, change.after().length);
      }
    }
    byte[] visible = Arrays.copyOf(bytes, size);
    int visibleSize = size;
    bytes = durable.bytes;
    size = durable.size;
    unsynced = new ArrayList<>();
    if (size == visibleSize && Arrays.equals(visible, Arrays.copyOf(bytes, size))) {
      return;
    }
    truncate(visibleSize);
    write(0, visible);
    unsynced.replaceAll(
        c -> new Change(c.position(), c.before(), c.sizeBefore(), c.after(), c.sizeAfter(), true));
  }

  /** A sync that failed: an arbitrary part of the changes will never become durable by a sync. */
  void failSync(Random random) {
    unsynced.replaceAll(
        c ->
            new Change(
                c.position(),
                c.before(),
                c.sizeBefore(),
                c.after(),
                c.sizeAfter(),
                c.lost() || random.nextInt(4) != 0));
  }

  /** The file after a power cut: all that is durable, and an arbitrary part of the rest. */
  MemoryFile afterPowerCut(Random random) {
    MemoryFile survivor = copy();
    survivor.undoAll();
    for (Change change : unsynced) {
      int length = change.after().length;
      switch (random.nextInt(5)) {
        case 0 -> {} // nothing of it
        case 1 -> survivor.redo(change, 0, length);
        case 2 -> survivor.redo(change, 0, random.nextInt(length + 1));
        case 3 -> survivor.redo(change, random.nextInt(length + 1), length);
        default -> {
          int pieces = 1 + random.nextInt(4);
          for (int i = 0; i < pieces; i++) {
            int from = random.nextInt(length + 1);
            survivor.redo(change, from, from + random.nextInt(length - from + 1));
          }
        }
      }
    }
    return survivor;
  }

  /** Rot hits what is visible and what is durable alike. */
  void flipBit(long offset, int bit) {
    assert offset < size;
    flip(bytes, 0, offset, bit);
    for (Change change : unsynced) {
      flip(change.before(), change.position(), offset, bit);
      flip(change.after(), change.position(), offset, bit);
    }
  }

  private static void flip(byte[] data, long start, long offset, int bit) {
    if (offset >= start && offset < start + data.length) {
      data[(int) (offset - start)] ^= (byte) (1 << bit);
    }
  }

  byte[] visibleBytes() {
    return Arrays.copyOf(bytes, size);
  }

  boolean hasUnsynced() {
    return !unsynced.isEmpty();
  }

  /** The same bytes, all of them durable. */
  MemoryFile durableCopy() {
    MemoryFile copy = copy();
    copy.unsynced.clear();
    return copy;
  }

  private MemoryFile copy() {
    MemoryFile copy = new MemoryFile();
    copy.bytes = bytes.clone();
    copy.size = size;
    copy.unsynced = new ArrayList<>(unsynced);
    return copy;
  }

  private void undoAll() {
    for (int i = unsynced.size() - 1; i >= 0; i--) {
      Change change = unsynced.get(i);
      if (change.sizeBefore() < size) {
        cut(change.sizeBefore());
      }
      put((int) change.position(), change.before(), 0, change.before().length);
      size = change.sizeBefore();
    }
    unsynced.clear();
  }

  /** Applies bytes {@code from} to {@code to} of the change, durably. */
  private void redo(Change change, int from, int to) {
    if (change.truncates()) {
      if (change.sizeAfter() < size) {
        cut(change.sizeAfter());
      }
    } else if (from < to) {
      put((int) change.position() + from, change.after(), from, to - from);
    }
  }

  private void put(int position, byte[] data, int from, int length) {
    int end = position + length;
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(end, bytes.length + bytes.length / 2));
    }
    System.arraycopy(data, from, bytes, position, length);
    size = Math.max(size, end);
  }

  private void cut(int newSize) {
    Arrays.fill(bytes, newSize, size, (byte) 0);
    size = newSize;
  }
}
