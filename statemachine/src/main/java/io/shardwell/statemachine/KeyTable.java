package io.shardwell.statemachine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

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
 * methods work at it. Any change but {@link #replace} and {@link #stamp} leaves it undefined.
 *
 * <p>The least recently used entry is found without any list: recency is a stamp of the entry, each
 * page's least stamp is a leaf of a {@link TournamentTree}. That costs half a byte per key, nothing
 * while no policy evicts, and needs nothing in snapshots: it follows from the stamps.
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

  private EvictionPolicy policy = EvictionPolicy.NOEVICTION;
  // Invariant: null exactly while the policy evicts nothing; else it has a leaf for each position,
  // a page's least rank stands at the first of its positions, and nobody at the others.
  private @Nullable TournamentTree oldest;

  // How often the table was frozen. Invariant: a page's `freeze` is not above.
  private int freezes;
  // The newest frozen view, null if it was let go.
  private @Nullable FrozenTable frozen;

  private Page page = directory[0];
  private int at;

  KeyTable() {
    pagesOfDepth[0] = 1;
  }

  /** How many entries there are. */
  long size() {
    return size;
  }

  /**
   * The entries as they are now, to be visited later. O(1). One view at a time: an older one must
   * not be used any more.
   */
  FrozenTable freeze() {
    freezes++;
    frozen = new FrozenTable(this);
    return frozen;
  }

  /** The view will not be used any more; nothing happens if a newer one took its place. */
  void letGo(FrozenTable view) {
    if (frozen == view) {
      frozen = null;
    }
  }

  /** The page of a hash. */
  Page pageOf(long hash) {
    return directory[position(hash)];
  }

  /** Whether the page is as it was at the newest freeze. */
  boolean isUnchanged(Page each) {
    return each.freeze != freezes;
  }

  /** To be called before every change of a page; a hash of its prefix says where it stands. */
  private void changing(Page each, long hash) {
    FrozenTable view = frozen;
    if (view != null && each.freeze != freezes) {
      view.keep(each, each.depth == 0 ? 0 : hash & -each.span());
      each.freeze = freezes;
    }
  }

  /** Moves to the entry of a key; false if there is none. */
  boolean seek(byte[] key, long hash) {
    page = directory[position(hash)];
    for (at = page.lowerBound(hash); at < page.size && page.hashes[at] == hash; at++) {
      if (EntryRecord.hasKey(page.records.array(at), page.records.from(at), key)) {
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

  /** Ranks entries by their recency from now on, those that the policy may evict. O(n). */
  void rankFor(EvictionPolicy newPolicy) {
    policy = newPolicy;
    oldest = null;
    if (newPolicy != EvictionPolicy.NOEVICTION) {
      oldest = new TournamentTree(directory.length);
      for (int i = 0; i < directory.length; i += positions(directory[i])) {
        oldest.set(i, directory[i].leastRank(newPolicy));
      }
    }
  }

  /** The policy that entries are ranked for. */
  EvictionPolicy policy() {
    return policy;
  }

  /** Whether the policy has an entry to evict. */
  boolean hasOldest() {
    return oldest != null && oldest.least() != TournamentTree.NOBODY;
  }

  /** Moves to the least recently used of the entries that the policy may evict; false if none. */
  boolean seekOldest() {
    TournamentTree tree = oldest;
    if (tree == null || tree.least() == TournamentTree.NOBODY) {
      return false;
    }
    page = directory[tree.leafOfLeast()];
    at = 0;
    while (page.rank(at, policy) != tree.least()) {
      at++;
    }
    return true;
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

  /** The key here. The caller's own copy. */
  byte[] key() {
    return EntryRecord.key(page.records.array(at), page.records.from(at));
  }

  /** The value here, of which at most so many bytes. The caller's own copy. */
  byte[] value(int most) {
    int from = valueFrom();
    return Arrays.copyOfRange(page.records.array(at), from, from + Math.min(most, valueLength()));
  }

  /** How long the value here is, in bytes. */
  int valueLength() {
    return page.records.from(at) + page.records.length(at) - valueFrom();
  }

  /** A byte of the value here, which must be longer than that. */
  byte valueAt(int position) {
    return page.records.array(at)[valueFrom() + position];
  }

  long valueHash() {
    int from = valueFrom();
    return Hash.of(page.records.array(at), from, from + valueLength());
  }

  /** How long the record here is, in bytes: {@link EntryRecord#length}. */
  int recordLength() {
    return page.records.length(at);
  }

  private int valueFrom() {
    return EntryRecord.valueFrom(page.records.array(at), page.records.from(at));
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

  /** Gives the entry here another value; the key must be its own. */
  void replace(byte[] key, byte[] value, long deadline, long version, long recency) {
    changing(page, page.hashes[at]);
    page.replace(at, key, value);
    stamp(deadline, version, recency);
  }

  /** Gives the entry here another deadline, version and recency. */
  void stamp(long deadline, long version, long recency) {
    changing(page, page.hashes[at]);
    long before = page.rank(at, policy);
    page.stamp(at, deadline, version, recency);
    ranked(page, page.hashes[at], before, page.rank(at, policy));
  }

  /** Inserts an entry of a key that is absent. */
  void insert(long hash, byte[] key, byte[] value, long deadline, long version, long recency) {
    Page target = directory[position(hash)];
    while (target.size >= SPLIT_ABOVE && target.depth < deepestPage()) {
      split(target, hash);
      target = directory[position(hash)];
    }
    changing(target, hash);
    int place = target.lowerBound(hash);
    while (place < target.size && target.hashes[place] == hash) {
      place++;
    }
    target.insert(place, hash, key, value, deadline, version, recency);
    ranked(target, hash, TournamentTree.NOBODY, target.rank(place, policy));
    size++;
  }

  /** Removes the entry here. */
  void remove() {
    long hash = page.hashes[at];
    changing(page, hash);
    long before = page.rank(at, policy);
    page.remove(at);
    ranked(page, hash, before, TournamentTree.NOBODY);
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

  /** An entry of the page has got another rank. */
  private void ranked(Page changed, long hash, long before, long after) {
    TournamentTree tree = oldest;
    if (tree == null || before == after) {
      return;
    }
    int leaf = firstPosition(changed, hash);
    if (after < tree.at(leaf)) {
      tree.set(leaf, after);
    } else if (before == tree.at(leaf)) {
      tree.set(leaf, changed.leastRank(policy));
    }
  }

  /** At how many positions of the directory a page stands. */
  private int positions(Page each) {
    return 1 << (directoryDepth - each.depth);
  }

  private int firstPosition(Page each, long hash) {
    return position(hash) & -positions(each);
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
      oldest = oldest == null ? null : oldest.doubled();
    }
    changing(lower, hash);
    pagesOfDepth[lower.depth]--;
    Page upper = lower.split();
    pagesOfDepth[lower.depth] += 2;
    int width = 1 << (directoryDepth - lower.depth);
    int middle = (position(hash) & -(2 * width)) + width;
    for (int i = middle; i < middle + width; i++) {
      directory[i] = upper;
    }
    if (oldest != null) {
      oldest.set(middle - width, lower.leastRank(policy));
      oldest.set(middle, upper.leastRank(policy));
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
      long firstHash = hash & -(2 * lower.span());
      changing(lower, firstHash);
      changing(upper, firstHash + lower.span());
      pagesOfDepth[lower.depth] -= 2;
      lower.merge(upper);
      pagesOfDepth[lower.depth]++;
      for (int i = from + width; i < from + 2 * width; i++) {
        directory[i] = lower;
      }
      if (oldest != null) {
        oldest.set(from, Math.min(oldest.at(from), oldest.at(from + width)));
        oldest.set(from + width, TournamentTree.NOBODY);
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
      oldest = oldest == null ? null : oldest.halved();
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
        assert oldest == null
                || oldest.at(j) == (j == i ? each.leastRank(policy) : TournamentTree.NOBODY)
            : "least rank";
      }
      for (int j = 0; j < each.size; j++) {
        assert directory[position(each.hashes[j])] == each : "entry in the wrong page";
      }
      each.check();
      entries += each.size;
      i += width;
    }
    assert (oldest == null) == (policy == EvictionPolicy.NOEVICTION) : "tree";
    if (oldest != null) {
      oldest.check();
    }
    assert entries == size : entries + " entries, counted " + size;
  }
}
