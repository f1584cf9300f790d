package io.shardwell.statemachine;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Keys, values and deadlines under one rule: an entry is gone if and only if its deadline is at or
 * before log time. Gone entries stay in the table until {@link #collect} gets to them, but no
 * method here shows them. What all entries add up to is kept by {@link Entries}, the memory limit
 * by {@link Eviction}.
 *
 * <p>What is collected or evicted, and when, is a function of the applied entries alone and part of
 * the digest: replicas hold the same entries, gone ones included.
 *
 * <p>Under a {@link MemoryLimit}, a method that writes makes room first, and changes nothing if
 * there is none.
 */
final class Keyspace {
  /** The deadline of an entry that never expires. */
  static final long NO_DEADLINE = -1;

  /** Stands for the deadline of a key that does not exist. */
  static final long ABSENT = -2;

  private final Entries entries = new Entries();
  private final Eviction eviction = new Eviction(entries);
  private long expired;

  /** Since {@link #takeCompared}. */
  private long comparedLetters;

  /** Called before each log entry is executed: its index, and log time after its stamp. */
  void enter(long newIndex, long newLogTime) {
    expired += entries.enter(newIndex, newLogTime);
    eviction.enter();
  }

  /** Called after each log entry: evicts at most so many keys if the limit has been lowered. */
  void sink(int mostVictims) {
    eviction.sink(mostVictims);
  }

  /** Whether the limit was lowered below what is here, and nothing can be evicted to get there. */
  boolean isStuckAboveLimit() {
    return eviction.isStuck();
  }

  /** Whether further entries, whatever they are, would bring the keys nearer to the limit. */
  boolean canSink() {
    return eviction.canSink();
  }

  MemoryLimit limit() {
    return eviction.limit();
  }

  /** Sets the limit; nothing is evicted yet. */
  void setLimit(MemoryLimit newLimit) {
    eviction.setLimit(newLimit);
  }

  long logTime() {
    return entries.logTime();
  }

  /** The index of the log entry that is executed now or was the last one. */
  long index() {
    return entries.index();
  }

  /** The version of a key: of its last change, greater than that of any before; 0 if absent. */
  long version(byte[] key) {
    return contains(key) ? entries.table().version() : 0;
  }

  /** Whether a key has changed since it was looked at; what became of it does not matter. */
  boolean hasChanged(Transaction.Watched watched) {
    long hash = Hash.of(watched.key());
    boolean present = entries.table().seek(watched.key(), hash);
    boolean exists = present && !entries.isGone();
    long lastChange = exists ? entries.table().version() : entries.removals().latest(hash);
    if (present) {
      lastChange = Math.max(lastChange, entries.table().version());
    }
    return exists != watched.existed() || lastChange >>> Entries.ORDINAL_BITS > watched.index();
  }

  /** How many keys exist. */
  long size() {
    return entries.table().size() - entries.deadlines().goneCount();
  }

  /** How many keys that exist have a deadline. */
  long volatileSize() {
    return entries.deadlines().count() - entries.deadlines().goneCount();
  }

  /** How many entries are gone but not yet collected. */
  long uncollected() {
    return entries.deadlines().goneCount();
  }

  /** Key, value and overhead of the keys that exist, in bytes. */
  long logicalBytes() {
    return entries.liveBytes();
  }

  /** How many entries have passed their deadlines since the beginning. */
  long expired() {
    return expired;
  }

  /** How many keys were evicted since the beginning. */
  long evicted() {
    return eviction.evicted();
  }

  long digest() {
    long running = Hash.combine(entries.digest(), expired);
    running = Hash.combine(running, eviction.evicted());
    running = Hash.combine(running, entries.removals().digest());
    return Hash.combine(running, eviction.limit().digest());
  }

  /** The earliest deadline of any entry not yet collected; Long.MAX_VALUE if there is none. */
  long earliestDeadline() {
    return entries.deadlines().earliest();
  }

  /** The earliest deadline of any key that exists; Long.MAX_VALUE if there is none. */
  long earliestLiveDeadline() {
    return entries.deadlines().earliestLive();
  }

  boolean contains(byte[] key) {
    return entries.find(key);
  }

  /** The value of a key, or null. The caller's own copy. */
  byte @Nullable [] get(byte[] key) {
    return head(key, Integer.MAX_VALUE);
  }

  /** At most so many first bytes of a key's value, or null. The caller's own copy. */
  byte @Nullable [] head(byte[] key, int most) {
    return contains(key) ? entries.table().value(most) : null;
  }

  /** A byte of a key's value, 0 to 255; 0 if there is no such key or its value is too short. */
  int byteAt(byte[] key, int position) {
    return valueLength(key) <= position ? 0 : entries.table().valueAt(position) & 0xff;
  }

  /** The length of a key's value in bytes, or -1. */
  int valueLength(byte[] key) {
    return contains(key) ? entries.table().valueLength() : -1;
  }

  /** The deadline of a key that exists, or {@link #NO_DEADLINE}. */
  long deadline(byte[] key) {
    return contains(key) ? entries.table().deadline() : NO_DEADLINE;
  }

  /** The deadline of a key, {@link #NO_DEADLINE}, or {@link #ABSENT}. */
  long deadlineOrAbsent(byte[] key) {
    return contains(key) ? entries.table().deadline() : ABSENT;
  }

  /**
   * Sets a value; whatever the key was is replaced. A deadline not after log time removes it.
   * Returns false, and has done nothing, if there is no room.
   */
  boolean put(byte[] key, byte[] value, long deadline) {
    long hash = Hash.of(key);
    return putHere(entries.table().seek(key, hash), hash, key, value, deadline);
  }

  /**
   * Sets the value of a key that exists or not; a deadline it has stays. Returns false, and has
   * done nothing, if there is no room.
   */
  boolean putKeepingDeadline(byte[] key, byte[] value) {
    long hash = Hash.of(key);
    boolean present = entries.table().seek(key, hash);
    boolean live = present && !entries.isGone();
    return putHere(present, hash, key, value, live ? entries.table().deadline() : NO_DEADLINE);
  }

  /**
   * Sets values with one deadline for all, of a key named twice the last one. A deadline not after
   * log time removes the keys. Returns false, and has done nothing, if there is no room for all of
   * them together.
   *
   * @param pairs keys and values by turns
   */
  boolean putAll(List<byte[]> pairs, long deadline) {
    return putAll(pairs, unused -> deadline);
  }

  /** The same; the deadlines that keys have stay. */
  boolean putAllKeepingDeadlines(List<byte[]> pairs) {
    return putAll(pairs, this::deadline);
  }

  private boolean putAll(List<byte[]> pairs, ToLongFunction<byte[]> deadlines) {
    if (!eviction.makeRoom(pairs)) {
      return false;
    }
    for (int i = 0; i < pairs.size(); i += 2) {
      byte[] key = pairs.get(i);
      long deadline = deadlines.applyAsLong(key);
      if (entries.isPast(deadline)) {
        remove(key);
      } else {
        store(key, pairs.get(i + 1), deadline);
      }
    }
    return true;
  }

  /**
   * Gives value and deadline of a key that exists to another one. Returns false, and has done
   * nothing, if the other one is longer and there is no room for that.
   */
  boolean move(byte[] from, byte[] to) {
    boolean present = entries.find(from);
    assert present : "move of an absent key";
    if (Arrays.equals(from, to)) {
      return true;
    }
    byte[] value = entries.table().value(Integer.MAX_VALUE);
    long deadline = entries.table().deadline();
    if (!eviction.makeRoomToMove(from, to, value)) {
      return false;
    }
    boolean removed = remove(from);
    assert removed : "the key to be moved was evicted for itself";
    store(to, value, deadline);
    return true;
  }

  /** Makes a key the most recently used one, if it exists. */
  void touch(byte[] key) {
    if (contains(key)) {
      entries.touch();
    }
  }

  /** The same for the key of a hash. */
  void touch(long hash) {
    KeyTable table = entries.table();
    for (boolean more = table.first(hash); more && table.hash() == hash; more = table.next()) {
      if (!entries.isGone()) {
        entries.touch();
      }
    }
  }

  /** Sets the deadline of a key that exists. One that is not after log time removes the key. */
  void setDeadline(byte[] key, long deadline) {
    boolean present = entries.find(key);
    assert present : "deadline for an absent key";
    if (entries.isPast(deadline)) {
      entries.remove();
    } else {
      entries.setDeadline(deadline);
    }
  }

  /** Removes a key; false if there is none. */
  boolean remove(byte[] key) {
    if (!contains(key)) {
      return false;
    }
    entries.remove();
    return true;
  }

  /** Removes all keys at once, whatever their number. */
  void clear() {
    entries.clear();
  }

  /** Frees gone entries, the earliest first, at most so many. */
  void collect(int limit) {
    for (int i = 0; i < limit && entries.seekGone(); i++) {
      entries.remove();
    }
  }

  /**
   * Visits keys in the order of their hashes, at least so many if there are, and always all with
   * the same cursor.
   *
   * @param cursor 0, or what a visit returned: a prefix of the hash, hence the same place on every
   *     replica and after any number of changes
   * @param atLeast how many entries to pass, in any case at least one
   * @param visitor must not use this keyspace; returns whether it wants more, however few it had
   * @return where to go on; 0 if there are no further keys
   */
  long scan(long cursor, long atLeast, Predicate<byte[]> visitor) {
    assert cursor >= 0 && cursor < Limits.SCAN_CURSORS : cursor;
    KeyTable table = entries.table();
    long passed = 0;
    boolean wanted = true;
    long last = cursor;
    for (boolean more = table.first(cursor << 16); more; more = table.next()) {
      long here = table.hash() >>> 16;
      if ((passed >= Math.max(1, atLeast) || !wanted) && here != last) {
        return here;
      }
      last = here;
      passed++;
      if (!entries.isGone()) {
        wanted &= visitor.test(table.key());
      }
    }
    return 0;
  }

  /** A pattern has been compared with so many letters; no part of the state. */
  void compared(long letters) {
    comparedLetters += letters;
  }

  long takeCompared() {
    long letters = comparedLetters;
    comparedLetters = 0;
    return letters;
  }

  /** Some key that exists, the same for the same seed and state; null if there is none. */
  byte @Nullable [] anyKey(long seed) {
    if (size() == 0) {
      return null;
    }
    KeyTable table = entries.table();
    boolean more = table.first(Hash.combine(0, seed));
    while (true) {
      if (!more) {
        more = table.first(0);
      }
      if (!entries.isGone()) {
        return table.key();
      }
      more = table.next();
    }
  }

  /** All entries as they are now, gone ones included. O(1); see {@link KeyTable#freeze}. */
  FrozenTable freeze() {
    return entries.table().freeze();
  }

  /** Key, value and length of the key of all entries, gone ones included, in bytes. */
  long recordBytes() {
    return entries.bytes() - entries.table().size() * Limits.ENTRY_OVERHEAD_BYTES;
  }

  /** How many of their records are large. */
  SizeClasses sizes() {
    return entries.sizes();
  }

  /** Whether any entry, gone ones included, has a deadline. */
  boolean hasDeadlines() {
    return entries.deadlines().count() > 0;
  }

  /** How many entries there are, gone ones included. */
  long entries() {
    return entries.table().size();
  }

  /** Begins the loading of a snapshot: the limit first, so that entries are ranked as they come. */
  void loading(MemoryLimit lastLimit) {
    assert entries.table().size() == 0;
    setLimit(lastLimit);
  }

  /** Takes an entry of a snapshot, before log time is set; false if the key is there already. */
  boolean load(byte[] key, byte[] value, long deadline, long version, long recency) {
    return entries.load(key, value, deadline, version, recency);
  }

  /** What is remembered of removed keys; a part of snapshots. */
  Removals removals() {
    return entries.removals();
  }

  /** Ends the loading of a snapshot. */
  void loaded(long atIndex, long atLogTime, long expiredBefore, long evictedBefore) {
    entries.loaded(atIndex, atLogTime);
    expired = expiredBefore;
    eviction.loaded(evictedBefore);
  }

  private boolean putHere(boolean present, long hash, byte[] key, byte[] value, long deadline) {
    if (entries.isPast(deadline)) {
      if (present) {
        entries.remove();
      }
      return true;
    }
    boolean replace = present;
    if (!eviction.fits(key, value)) {
      if (!eviction.makeRoom(key, value)) {
        return false;
      }
      replace = entries.table().seek(key, hash);
    }
    entries.store(replace, hash, key, value, deadline);
    return true;
  }

  /** Room has been made. */
  private void store(byte[] key, byte[] value, long deadline) {
    long hash = Hash.of(key);
    entries.store(entries.table().seek(key, hash), hash, key, value, deadline);
  }

  /** Checks every invariant; for tests, O(n). */
  void check() {
    entries.check();
  }
}
