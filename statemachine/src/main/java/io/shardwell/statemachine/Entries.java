package io.shardwell.statemachine;

/**
 * The entries of a keyspace, gone ones included, with what is known of all of them together: their
 * deadlines in order, what they weigh, their digest, and what is remembered of removed ones. Every
 * change goes through here and keeps these in step; {@link #table} and {@link #deadlines} are for
 * looking.
 *
 * <p>Changes work at the place where the table stands. Each gets a stamp of its own, the next one:
 * the entries of the log in order, and within one, its changes.
 */
final class Entries {
  /** Bits of a stamp that count changes within one log entry. */
  static final int ORDINAL_BITS = 20;

  private KeyTable table = new KeyTable();
  // Invariant: has an item for each entry of the table with a deadline; its time is log time.
  private DeadlineIndex deadlines = new DeadlineIndex(0);
  private final Removals removals = new Removals();

  // Invariant: over all entries of the table, the sum of contribution() and of weight(), and the
  // count of their lengths.
  private long digest;
  private long bytes;
  private SizeClasses sizes = new SizeClasses();
  // Invariant: the greatest of all versions of entries, also of removed ones.
  private long lastVersion;

  private long logTime;
  private long index;
  private int ordinal;

  /**
   * Called before each log entry is executed: its index, and log time after its stamp. Returns how
   * many entries are gone by that.
   */
  long enter(long newIndex, long newLogTime) {
    index = newIndex;
    ordinal = 0;
    logTime = newLogTime;
    return deadlines.advance(newLogTime);
  }

  /** The index of the log entry that is executed now or was the last one. */
  long index() {
    return index;
  }

  long logTime() {
    return logTime;
  }

  KeyTable table() {
    return table;
  }

  DeadlineIndex deadlines() {
    return deadlines;
  }

  /** What is remembered of removed keys; a part of snapshots. */
  Removals removals() {
    return removals;
  }

  /** How many of their records are large. */
  SizeClasses sizes() {
    return sizes;
  }

  /** The sum of what the entries contribute to the shard's digest. */
  long digest() {
    return digest;
  }

  /** What all of them weigh, gone ones included. */
  long bytes() {
    return bytes;
  }

  /** What those that are not gone weigh. */
  long liveBytes() {
    return bytes - deadlines.goneWeight();
  }

  /** Whether an entry of this deadline is gone. */
  boolean isPast(long deadline) {
    return deadline != Keyspace.NO_DEADLINE && deadline <= logTime;
  }

  /** Whether the entry here is gone. */
  boolean isGone() {
    return isPast(table.deadline());
  }

  /** Moves to the entry of a key; false if there is none or it is gone. */
  boolean find(byte[] key) {
    return table.seek(key, Hash.of(key)) && !isGone();
  }

  /** Moves to the gone entry of the earliest deadline; false if none is gone. */
  boolean seekGone() {
    if (deadlines.goneCount() == 0) {
      return false;
    }
    boolean present = table.seekDeadline(deadlines.earliestHash(), deadlines.earliest());
    assert present : "deadline without entry";
    return true;
  }

  /** What the entry here counts against a limit, in bytes. */
  int weight() {
    return weight(table.recordLength());
  }

  /** What an entry counts against a limit, in bytes. */
  static int weight(byte[] key, byte[] value) {
    return weight(EntryRecord.length(key.length, value.length));
  }

  private static int weight(int recordBytes) {
    return recordBytes + Limits.ENTRY_OVERHEAD_BYTES;
  }

  /** Replaces the entry here, or inserts one, as a change of the key. */
  void store(boolean replace, long hash, byte[] key, byte[] value, long deadline) {
    long now = nextStamp();
    store(replace, hash, key, value, deadline, now, now);
  }

  /** Takes an entry of a snapshot, before log time is set; false if the key is there already. */
  boolean load(byte[] key, byte[] value, long deadline, long version, long recency) {
    assert logTime == 0;
    long hash = Hash.of(key);
    if (table.seek(key, hash)) {
      return false;
    }
    store(false, hash, key, value, deadline, version, recency);
    return true;
  }

  private void store(
      boolean replace,
      long hash,
      byte[] key,
      byte[] value,
      long deadline,
      long version,
      long recency) {
    if (replace) {
      forget();
      table.replace(key, value, deadline, version, recency);
    } else {
      table.insert(hash, key, value, deadline, version, recency);
    }
    lastVersion = Math.max(lastVersion, version);
    int weight = weight(key, value);
    if (deadline != Keyspace.NO_DEADLINE) {
      deadlines.add(deadline, hash, weight);
    }
    bytes += weight;
    sizes.count(EntryRecord.length(key.length, value.length), 1);
    digest += Hash.combine(rest(hash, Hash.of(value), deadline, version), recency);
  }

  /**
   * Gives the entry here another deadline, as a change of the key. As storing the same value, but
   * that is hashed once: it is most of the work.
   */
  void setDeadline(long deadline) {
    long hash = table.hash();
    long value = table.valueHash();
    digest -= Hash.combine(rest(hash, value, table.deadline(), table.version()), table.recency());
    if (table.deadline() != Keyspace.NO_DEADLINE) {
      deadlines.remove(table.deadline(), hash, weight());
    }
    long now = nextStamp();
    table.stamp(deadline, now, now);
    lastVersion = now;
    if (deadline != Keyspace.NO_DEADLINE) {
      deadlines.add(deadline, hash, weight());
    }
    digest += Hash.combine(rest(hash, value, deadline, now), now);
  }

  /** Makes the entry here the most recently used one; its version stays. */
  void touch() {
    long rest = rest(table.hash(), table.valueHash(), table.deadline(), table.version());
    digest -= Hash.combine(rest, table.recency());
    table.stamp(table.deadline(), table.version(), nextStamp());
    digest += Hash.combine(rest, table.recency());
  }

  /** Removes the entry here. */
  void remove() {
    removals.removed(table.hash(), table.version());
    forget();
    table.remove();
  }

  /** Takes the entry here out of index and sums. */
  private void forget() {
    long deadline = table.deadline();
    int weight = weight();
    if (deadline != Keyspace.NO_DEADLINE) {
      deadlines.remove(deadline, table.hash(), weight);
    }
    bytes -= weight;
    sizes.count(table.recordLength(), -1);
    digest -= contribution();
  }

  /** Ranks entries by their recency from now on, those that the policy may evict. O(n). */
  void rankFor(EvictionPolicy policy) {
    table.rankFor(policy);
  }

  /** Removes all entries at once, whatever their number; later ones are ranked as they were. */
  void clear() {
    removals.allRemoved(lastVersion);
    EvictionPolicy policy = table.policy();
    table = new KeyTable();
    table.rankFor(policy);
    deadlines = new DeadlineIndex(logTime);
    digest = 0;
    bytes = 0;
    sizes = new SizeClasses();
  }

  /** Ends the loading of a snapshot. */
  void loaded(long atIndex, long atLogTime) {
    index = atIndex;
    logTime = atLogTime;
    lastVersion = Math.max(lastVersion, removals.latestOfAll());
    deadlines.advance(atLogTime);
  }

  private long nextStamp() {
    long stamp = (index << ORDINAL_BITS) | ordinal;
    ordinal = Math.min(ordinal + 1, (1 << ORDINAL_BITS) - 1);
    return stamp;
  }

  /** What the entry here adds to the digest. */
  private long contribution() {
    long rest = rest(table.hash(), table.valueHash(), table.deadline(), table.version());
    return Hash.combine(rest, table.recency());
  }

  /** What an entry contributes, but for its recency. */
  private static long rest(long hash, long valueHash, long deadline, long version) {
    long running = Hash.combine(hash, valueHash);
    running = Hash.combine(running, deadline);
    return Hash.combine(running, version);
  }

  /** Checks every invariant; for tests, O(n). */
  void check() {
    table.check();
    deadlines.check();
    for (boolean more = table.first(0); more; more = table.next()) {
      assert table.hash() == Hash.of(table.key()) : "hash";
    }
    long sum = 0;
    long weights = 0;
    long withDeadline = 0;
    for (boolean more = table.first(0); more; more = table.next()) {
      sum += contribution();
      weights += weight();
      withDeadline += table.deadline() == Keyspace.NO_DEADLINE ? 0 : 1;
    }
    assert sum == digest : "digest";
    assert weights == bytes : "bytes";
    assert withDeadline == deadlines.count() : "deadlines";
  }
}
