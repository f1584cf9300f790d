package io.shardwell.statemachine;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keys, values and deadlines under one rule: an entry is gone if and only if its deadline is at or
 * before log time. Gone entries stay in the table until {@link #collect} gets to them, but no
 * method here shows them.
 *
 * <p>What is collected, and when, is a function of the applied entries alone and part of the
 * digest: replicas hold the same entries, gone ones included.
 */
final class Keyspace {
  /** The deadline of an entry that never expires. */
  static final long NO_DEADLINE = -1;

  /** Logical bytes of an entry besides key and value: its share of a page, and object headers. */
  static final int ENTRY_OVERHEAD_BYTES = 72;

  /** Logical bytes of a deadline: its share of the index. */
  static final int DEADLINE_OVERHEAD_BYTES = 28;

  /** Bits of a recency stamp that count changes within one log entry. */
  private static final int ORDINAL_BITS = 20;

  private KeyTable table = new KeyTable();
  private DeadlineIndex deadlines = new DeadlineIndex(0);
  private long logTime;
  private long index;
  private int ordinal;

  // Invariant: over all entries of the table, the sum of contribution() and of weight().
  private long digest;
  private long bytes;
  private long expired;

  /** Called before each log entry is executed: its index, and log time after its stamp. */
  void enter(long newIndex, long newLogTime) {
    index = newIndex;
    ordinal = 0;
    logTime = newLogTime;
    expired += deadlines.advance(newLogTime);
  }

  long logTime() {
    return logTime;
  }

  /** How many keys exist. */
  long size() {
    return table.size() - deadlines.goneCount();
  }

  /** How many keys that exist have a deadline. */
  long volatileSize() {
    return deadlines.count() - deadlines.goneCount();
  }

  /** How many entries are gone but not yet collected. */
  long uncollected() {
    return deadlines.goneCount();
  }

  /** Key, value and overhead of the keys that exist, in bytes. */
  long logicalBytes() {
    return bytes - deadlines.goneWeight();
  }

  /** How many entries have passed their deadlines since the beginning. */
  long expired() {
    return expired;
  }

  long digest() {
    return Hash.combine(digest, expired);
  }

  /** The earliest deadline of any entry not yet collected; Long.MAX_VALUE if there is none. */
  long earliestDeadline() {
    return deadlines.earliest();
  }

  /** The earliest deadline of any key that exists; Long.MAX_VALUE if there is none. */
  long earliestLiveDeadline() {
    return deadlines.earliestLive();
  }

  boolean contains(byte[] key) {
    return find(key, Hash.of(key));
  }

  /** The value of a key, or null. The caller's own copy. */
  byte @Nullable [] get(byte[] key) {
    return contains(key) ? EntryRecord.value(table.record()) : null;
  }

  /** The length of a key's value in bytes, or -1. */
  int valueLength(byte[] key) {
    if (!contains(key)) {
      return -1;
    }
    byte[] record = table.record();
    return record.length - EntryRecord.valueFrom(record);
  }

  /** The deadline of a key that exists, or {@link #NO_DEADLINE}. */
  long deadline(byte[] key) {
    return contains(key) ? table.deadline() : NO_DEADLINE;
  }

  /** Sets a value; whatever the key was is replaced. A deadline not after log time removes it. */
  void put(byte[] key, byte[] value, long deadline) {
    long hash = Hash.of(key);
    putHere(table.seek(key, hash), hash, key, value, deadline);
  }

  /** Sets the value of a key that exists or not; a deadline it has stays. */
  void putKeepingDeadline(byte[] key, byte[] value) {
    long hash = Hash.of(key);
    boolean present = table.seek(key, hash);
    boolean live = present && !isPast(table.deadline());
    putHere(present, hash, key, value, live ? table.deadline() : NO_DEADLINE);
  }

  /** Sets the deadline of a key that exists. One that is not after log time removes the key. */
  void setDeadline(byte[] key, long deadline) {
    boolean present = find(key, Hash.of(key));
    assert present : "deadline for an absent key";
    if (isPast(deadline)) {
      removeHere();
    } else {
      store(true, table.hash(), table.record(), deadline, index, nextRecency());
    }
  }

  /** Removes a key; false if there is none. */
  boolean remove(byte[] key) {
    if (!contains(key)) {
      return false;
    }
    removeHere();
    return true;
  }

  /** Removes all keys at once, whatever their number. */
  void clear() {
    table = new KeyTable();
    deadlines = new DeadlineIndex(logTime);
    digest = 0;
    bytes = 0;
  }

  /** Frees gone entries, the earliest first, at most so many. */
  void collect(int limit) {
    for (int i = 0; i < limit && deadlines.goneCount() > 0; i++) {
      boolean present = table.seekDeadline(deadlines.earliestHash(), deadlines.earliest());
      assert present : "deadline without entry";
      removeHere();
    }
  }

  /**
   * Visits keys in the order of their hashes, at least so many if there are, and always all with
   * the same cursor.
   *
   * @param cursor 0, or what a visit returned: a prefix of the hash, hence the same place on every
   *     replica and after any number of changes
   * @param atLeast how many entries to pass, in any case at least one
   * @param visitor must not use this keyspace
   * @return where to go on; 0 if there are no further keys
   */
  long scan(long cursor, long atLeast, Consumer<byte[]> visitor) {
    assert cursor >= 0 && cursor < Limits.SCAN_CURSORS : cursor;
    long passed = 0;
    long last = cursor;
    for (boolean more = table.first(cursor << 16); more; more = table.next()) {
      long here = table.hash() >>> 16;
      if (passed >= Math.max(1, atLeast) && here != last) {
        return here;
      }
      last = here;
      passed++;
      if (!isPast(table.deadline())) {
        visitor.accept(EntryRecord.key(table.record()));
      }
    }
    return 0;
  }

  /** Some key that exists, the same for the same seed and state; null if there is none. */
  byte @Nullable [] anyKey(long seed) {
    if (size() == 0) {
      return null;
    }
    boolean more = table.first(Hash.combine(0, seed));
    while (true) {
      if (!more) {
        more = table.first(0);
      }
      if (!isPast(table.deadline())) {
        return EntryRecord.key(table.record());
      }
      more = table.next();
    }
  }

  /** Called for each entry; must not use the keyspace. */
  interface EntryVisitor {
    void visit(byte[] record, long deadline, long version, long recency);
  }

  /** Visits all entries, gone ones included, in the order of hashes. */
  void forEachEntry(EntryVisitor visitor) {
    for (boolean more = table.first(0); more; more = table.next()) {
      visitor.visit(table.record(), table.deadline(), table.version(), table.recency());
    }
  }

  /** How many entries there are, gone ones included. */
  long entries() {
    return table.size();
  }

  /** Takes an entry of a snapshot, before log time is set; false if the key is there already. */
  boolean load(byte[] key, byte[] value, long deadline, long version, long recency) {
    assert logTime == 0;
    long hash = Hash.of(key);
    if (table.seek(key, hash)) {
      return false;
    }
    store(false, hash, EntryRecord.of(key, value), deadline, version, recency);
    return true;
  }

  /** Ends the loading of a snapshot. */
  void loaded(long atLogTime, long expiredBefore) {
    logTime = atLogTime;
    deadlines.advance(atLogTime);
    expired = expiredBefore;
  }

  private boolean find(byte[] key, long hash) {
    return table.seek(key, hash) && !isPast(table.deadline());
  }

  private boolean isPast(long deadline) {
    return deadline != NO_DEADLINE && deadline <= logTime;
  }

  private long nextRecency() {
    long recency = (index << ORDINAL_BITS) | ordinal;
    ordinal = Math.min(ordinal + 1, (1 << ORDINAL_BITS) - 1);
    return recency;
  }

  private void putHere(boolean present, long hash, byte[] key, byte[] value, long deadline) {
    if (!isPast(deadline)) {
      store(present, hash, EntryRecord.of(key, value), deadline, index, nextRecency());
    } else if (present) {
      removeHere();
    }
  }

  /** Replaces the entry here or inserts one, and keeps index and sums in step. */
  private void store(
      boolean replace, long hash, byte[] record, long deadline, long version, long recency) {
    if (replace) {
      forgetHere();
      table.set(record, deadline, version, recency);
    } else {
      table.insert(hash, record, deadline, version, recency);
    }
    int weight = weight(record, deadline);
    if (deadline != NO_DEADLINE) {
      deadlines.add(deadline, hash, weight);
    }
    bytes += weight;
    digest += contribution(hash, record, deadline, version, recency);
  }

  private void removeHere() {
    forgetHere();
    table.remove();
  }

  /** Takes the entry here out of index and sums. */
  private void forgetHere() {
    byte[] record = table.record();
    long deadline = table.deadline();
    int weight = weight(record, deadline);
    if (deadline != NO_DEADLINE) {
      deadlines.remove(deadline, table.hash(), weight);
    }
    bytes -= weight;
    digest -= contribution(table.hash(), record, deadline, table.version(), table.recency());
  }

  private static int weight(byte[] record, long deadline) {
    return record.length
        + ENTRY_OVERHEAD_BYTES
        + (deadline == NO_DEADLINE ? 0 : DEADLINE_OVERHEAD_BYTES);
  }

  private static long contribution(
      long hash, byte[] record, long deadline, long version, long recency) {
    long value = Hash.of(record, EntryRecord.valueFrom(record), record.length);
    long running = Hash.combine(hash, value);
    running = Hash.combine(running, deadline);
    running = Hash.combine(running, version);
    return Hash.combine(running, recency);
  }

  /** Checks every invariant; for tests, O(n). */
  void check() {
    table.check();
    deadlines.check();
    for (boolean more = table.first(0); more; more = table.next()) {
      assert table.hash() == Hash.of(EntryRecord.key(table.record())) : "hash";
    }
    long[] sums = new long[3];
    forEachEntry(
        (record, deadline, version, recency) -> {
          long hash = Hash.of(EntryRecord.key(record));
          sums[0] += contribution(hash, record, deadline, version, recency);
          sums[1] += weight(record, deadline);
          sums[2] += deadline == NO_DEADLINE ? 0 : 1;
        });
    assert sums[0] == digest : "digest";
    assert sums[1] == bytes : "bytes";
    assert sums[2] == deadlines.count() : "deadlines";
  }
}
