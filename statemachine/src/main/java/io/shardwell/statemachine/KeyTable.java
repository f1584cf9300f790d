package io.shardwell.statemachine;

/**
 * Entries by key, in the order of their keys' hashes; knows nothing of time.
 *
 * <p>Extendible hashing on the top bits of the hash (Fagin et al., 1979): a directory of 2^depth
 * references to pages, each page holding the entries of one prefix. Growing splits one page, so no
 * operation ever rehashes the table; a doubled directory copies one reference per some 30 keys. The
 * order of pages is the order of hashes, hence a place in an iteration is a hash and means the same
 * on every replica, whatever its table looks like.
 *
 * <p>One place is remembered: {@link #seek}, {@link #first} and {@link #next} move it, the other
 * methods work at it. Any change but {@link #set} leaves it undefined.
 */
final class KeyTable {
  /** A page of more entries is split. */
  private static final int SPLIT_ABOVE = 64;

  /** Two neighbours of together at most this many entries are merged. */
  private static final int MERGE_AT = 16;

  // Invariant: page p of depth d stands at all 2^(directoryDepth - d) positions of its prefix.
  private Page[] directory = {Page.empty(0)};
  private int directoryDepth;
  // Invariant: pagesOfDepth[d] pages have depth d; none is deeper than directoryDepth.
  private final int[] pagesOfDepth = new int[64];
  private long size;

  private Page page = directory[0];
  private int at;

  KeyTable() {
    pagesOfDepth[0] = 1;
  }

  /** How many entries there are. */
  long size() {
    return size;
  }

  /** Moves to the entry of a key; false if there is none. */
  boolean seek(byte[] key, long hash) {
    page = directory[position(hash)];
    for (at = page.lowerBound(hash); at < page.size && page.hashes[at] == hash; at++) {
      if (EntryRecord.hasKey(page.records[at], key)) {
        return true;
      }
    }
    return false;
  }

  /** Moves to the first entry with this hash and deadline; false if there is none. */
  boolean seekDeadline(long hash, long deadline) {
    page = directory[position(hash)];
    for (at = page.lowerBound(hash); at < page.size && page.hashes[at] == hash; at++) {
      if (page.deadlines[at] == deadline) {
        return true;
      }
    }
    return false;
  }

  /** Moves to the first entry whose hash is not below the given one; false if there is none. */
  boolean first(long fromHash) {
    page = directory[position(fromHash)];
    at = page.lowerBound(fromHash);
    return at < page.size || nextPage(fromHash);
  }

  /** Moves to the next entry in the order of hashes; false if there is none. */
  boolean next() {
    long hash = page.hashes[at];
    at++;
    return at < page.size || nextPage(hash);
  }

  long hash() {
    return page.hashes[at];
  }

  byte[] record() {
    return page.records[at];
  }

  long deadline() {
    return page.deadlines[at];
  }

  long version() {
    return page.versions[at];
  }

  long recency() {
    return page.recencies[at];
  }

  /** Replaces the entry here. */
  void set(byte[] record, long deadline, long version, long recency) {
    page.set(at, record, deadline, version, recency);
  }

  /** Inserts an entry of a key that is absent. */
  void insert(long hash, byte[] record, long deadline, long version, long recency) {
    Page target = directory[position(hash)];
    while (target.size >= SPLIT_ABOVE && target.depth < deepestPage()) {
      split(target, hash);
      target = directory[position(hash)];
    }
    int place = target.lowerBound(hash);
    while (place < target.size && target.hashes[place] == hash) {
      place++;
    }
    target.insert(place, hash, record, deadline, version, recency);
    size++;
  }

  /** Removes the entry here. */
  void remove() {
    long hash = page.hashes[at];
    page.remove(at);
    size--;
    if (page.size <= MERGE_AT) {
      merge(page, hash);
    }
  }

  private boolean nextPage(long hash) {
    int position = position(hash);
    while (true) {
      int width = 1 << (directoryDepth - page.depth);
      position = (position & -width) + width;
      if (position == directory.length) {
        return false;
      }
      page = directory[position];
      if (page.size > 0) {
        at = 0;
        return true;
      }
    }
  }

  /** The first `directoryDepth` bits; two shifts, because Java takes a shift by 64 for one by 0. */
  private int position(long hash) {
    return (int) ((hash >>> 1) >>> (63 - directoryDepth));
  }

  /**
   * Bounds the directory to about one reference per entry. Evenly spread hashes stay far below; if
   * somebody finds many keys with a long common prefix, their page grows instead of the directory.
   */
  private int deepestPage() {
    return Math.min(28, 4 + 64 - Long.numberOfLeadingZeros(size / 16));
  }

  private void split(Page lower, long hash) {
    if (lower.depth == directoryDepth) {
      Page[] doubled = new Page[directory.length * 2];
      for (int i = 0; i < doubled.length; i++) {
        doubled[i] = directory[i >> 1];
      }
      directory = doubled;
      directoryDepth++;
    }
    pagesOfDepth[lower.depth]--;
    Page upper = lower.split();
    pagesOfDepth[lower.depth] += 2;
    int width = 1 << (directoryDepth - lower.depth);
    int middle = (position(hash) & -(2 * width)) + width;
    for (int i = middle; i < middle + width; i++) {
      directory[i] = upper;
    }
  }

  private void merge(Page shrunk, long hash) {
    while (shrunk.depth > 0) {
      int width = 1 << (directoryDepth - shrunk.depth);
      int from = position(hash) & -(2 * width);
      Page lower = directory[from];
      Page upper = directory[from + width];
      if (lower.depth != upper.depth || lower.size + upper.size > MERGE_AT) {
        break;
      }
      pagesOfDepth[lower.depth] -= 2;
      lower.merge(upper);
      pagesOfDepth[lower.depth]++;
      for (int i = from + width; i < from + 2 * width; i++) {
        directory[i] = lower;
      }
      shrunk = lower;
    }
    while (directoryDepth > 0 && pagesOfDepth[directoryDepth] == 0) {
      Page[] halved = new Page[directory.length / 2];
      for (int i = 0; i < halved.length; i++) {
        halved[i] = directory[2 * i];
      }
      directory = halved;
      directoryDepth--;
    }
  }

  /** Checks every invariant; for tests, O(n). */
  void check() {
    long entries = 0;
    for (int i = 0; i < directory.length; ) {
      Page each = directory[i];
      int width = 1 << (directoryDepth - each.depth);
      assert i % width == 0 : "page out of place";
      for (int j = i; j < i + width; j++) {
        assert directory[j] == each : "page not at all its positions";
      }
      for (int j = 0; j < each.size; j++) {
        assert directory[position(each.hashes[j])] == each : "entry in the wrong page";
        assert j == 0 || Long.compareUnsigned(each.hashes[j - 1], each.hashes[j]) <= 0 : "order";
      }
      entries += each.size;
      i += width;
    }
    assert entries == size : entries + " entries, counted " + size;
  }
}
