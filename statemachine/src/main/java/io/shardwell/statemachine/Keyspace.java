package io.shardwell.statemachine;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Keys, values and deadlines under one rule: an entry is gone if and only if its deadline is at or
 * before log time. Gone entries stay in the table until {@link #collect} gets to them, but no
 * method here shows them.
 *
 * <p>What is collected or evicted, and when, is a function of the applied entries alone and part of
 * the digest: replicas hold the same entries, gone ones included. Gone entries are not victims and
 * do not count: how far collecting has come makes no difference to what is evicted.
 *
 * <p>Under a {@link MemoryLimit}, a method that writes makes room first, and changes nothing if
 * there is none. The keys it writes are the most recent ones and no victims of their own.
 */
final class Keyspace {
  /** The deadline of an entry that never expires. */
  static final long NO_DEADLINE = -1;

  /** Stands for the deadline of a key that does not exist. */
  static final long ABSENT = -2;

  /** Bits of a recency stamp that count changes within one log entry. */
  static final int ORDINAL_BITS = 20;

  private KeyTable table = new KeyTable();
  private DeadlineIndex deadlines = new DeadlineIndex(0);
  private long logTime;
  private long index;
  private int ordinal;

  // Invariant: over all entries of the table, the sum of contributionHere() and of weightHere(),
  // and the count of their lengths.
  private long digest;
  private long bytes;
  private SizeClasses sizes = new SizeClasses();
  private long expired;
  private long evicted;
  // A version is the recency of the change: entries of the log in order, and within one, changes.
  private final Removals removals = new Removals();
  // Invariant: the greatest of all versions of entries, also of removed ones.
  private long lastVersion;

  private MemoryLimit limit = MemoryLimit.NONE;
  // What logicalBytes() must not pass in this entry: the limit or, while a lowered limit is being
  // approached, what there was when the entry began. Follows from the state before the entry.
  private long ceiling = Long.MAX_VALUE;

  /** Called before each log entry is executed: its index, and log time after its stamp. */
  void enter(long newIndex, long newLogTime) {
    index = newIndex;
    ordinal = 0;
    logTime = newLogTime;
    expired += deadlines.advance(newLogTime);
    raiseCeiling();
  }

  private void raiseCeiling() {
    ceiling = limit.isOn() ? Math.max(limit.bytes(), logicalBytes()) : Long.MAX_VALUE;
  }

  /** Called after each log entry: evicts at most so many keys if the limit has been lowered. */
  void sink(int mostVictims) {
    for (int i = 0; i < mostVictims && isAboveLimit() && evictOldest(); i++) {}
    assert logicalBytes() <= ceiling : logicalBytes() + " bytes, at most " + ceiling;
  }

  private boolean isAboveLimit() {
    return limit.isOn() && logicalBytes() > limit.bytes();
  }

  /** Whether the limit was lowered below what is here, and nothing can be evicted to get there. */
  boolean isStuckAboveLimit() {
    return isAboveLimit() && evictableBytes() == 0;
  }

  /** The keys that may be evicted, gone ones not counted: how far collecting is does not matter. */
  private long evictableBytes() {
    return switch (limit.policy()) {
      case NOEVICTION -> 0;
      case ALLKEYS_LRU -> logicalBytes();
      case VOLATILE_LRU -> deadlines.liveWeight();
    };
  }

  /** Whether further entries, whatever they are, would bring the keys nearer to the limit. */
  boolean canSink() {
    return isAboveLimit() && table.hasOldest();
  }

  MemoryLimit limit() {
    return limit;
  }

  /** Sets the limit; nothing is evicted yet. */
  void setLimit(MemoryLimit newLimit) {
    if (newLimit.policy() != limit.policy()) {
      table.rankFor(newLimit.policy());
    }
    limit = newLimit;
    raiseCeiling();
  }

  long logTime() {
    return logTime;
  }

  /** The index of the log entry that is executed now or was the last one. */
  long index() {
    return index;
  }

  /** The version of a key: of its last change, greater than that of any before; 0 if absent. */
  long version(byte[] key) {
    return contains(key) ? table.version() : 0;
  }

  /** Whether a key has changed since it was looked at; what became of it does not matter. */
  boolean hasChanged(Transaction.Watched watched) {
    long hash = Hash.of(watched.key());
    boolean present = table.seek(watched.key(), hash);
    boolean exists = present && !isPast(table.deadline());
    long lastChange = exists ? table.version() : removals.latest(hash);
    if (present) {
      lastChange = Math.max(lastChange, table.version());
    }
    return exists != watched.existed() || lastChange >>> ORDINAL_BITS > watched.index();
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

  /** How many keys were evicted since the beginning. */
  long evicted() {
    return evicted;
  }

  long digest() {
    long running = Hash.combine(digest, expired);
    running = Hash.combine(running, evicted);
    running = Hash.combine(running, removals.digest());
    return Hash.combine(running, limit.digest());
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
    return head(key, Integer.MAX_VALUE);
  }

  /** At most so many first bytes of a key's value, or null. The caller's own copy. */
  byte @Nullable [] head(byte[] key, int most) {
    return contains(key) ? table.value(most) : null;
  }

  /** A byte of a key's value, 0 to 255; 0 if there is no such key or its value is too short. */
  int byteAt(byte[] key, int position) {
    return valueLength(key) <= position ? 0 : table.valueAt(position) & 0xff;
  }

  /** The length of a key's value in bytes, or -1. */
  int valueLength(byte[] key) {
    return contains(key) ? table.valueLength() : -1;
  }

  /** The deadline of a key that exists, or {@link #NO_DEADLINE}. */
  long deadline(byte[] key) {
    return contains(key) ? table.deadline() : NO_DEADLINE;
  }

  /** The deadline of a key, {@link #NO_DEADLINE}, or {@link #ABSENT}. */
  long deadlineOrAbsent(byte[] key) {
    return contains(key) ? table.deadline() : ABSENT;
  }

  /**
   * Sets a value; whatever the key was is replaced. A deadline not after log time removes it.
   * Returns false, and has done nothing, if there is no room.
   */
  boolean put(byte[] key, byte[] value, long deadline) {
    long hash = Hash.of(key);
    return putHere(table.seek(key, hash), hash, key, value, deadline);
  }

  /**
   * Sets the value of a key that exists or not; a deadline it has stays. Returns false, and has
   * done nothing, if there is no room.
   */
  boolean putKeepingDeadline(byte[] key, byte[] value) {
    long hash = Hash.of(key);
    boolean present = table.seek(key, hash);
    boolean live = present && !isPast(table.deadline());
    return putHere(present, hash, key, value, live ? table.deadline() : NO_DEADLINE);
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
    if (limit.isOn() && !makeRoomForAll(pairs)) {
      return false;
    }
    for (int i = 0; i < pairs.size(); i += 2) {
      byte[] key = pairs.get(i);
      long deadline = deadlines.applyAsLong(key);
      if (isPast(deadline)) {
        remove(key);
      } else {
        long hash = Hash.of(key);
        store(table.seek(key, hash), hash, key, pairs.get(i + 1), deadline);
      }
    }
    return true;
  }

  /**
   * Gives value and deadline of a key that exists to another one. Returns false, and has done
   * nothing, if the other one is longer and there is no room for that.
   */
  boolean move(byte[] from, byte[] to) {
    boolean present = find(from, Hash.of(from));
    assert present : "move of an absent key";
    if (Arrays.equals(from, to)) {
      return true;
    }
    byte[] value = table.value(Integer.MAX_VALUE);
    long deadline = table.deadline();
    Room room = new Room();
    room.owns(from);
    room.owns(to);
    room.newBytes = weight(to, value);
    if (room.newBytes > room.ownBytes && !room.make()) {
      return false;
    }
    boolean removed = remove(from);
    assert removed : "the key to be moved was evicted for itself";
    long hash = Hash.of(to);
    store(table.seek(to, hash), hash, to, value, deadline);
    return true;
  }

  /** Makes a key the most recently used one, if it exists. */
  void touch(byte[] key) {
    if (contains(key)) {
      touchHere();
    }
  }

  /** The same for the key of a hash. */
  void touch(long hash) {
    for (boolean more = table.first(hash); more && table.hash() == hash; more = table.next()) {
      if (!isPast(table.deadline())) {
        touchHere();
      }
    }
  }

  /** Sets the deadline of a key that exists. One that is not after log time removes the key. */
  void setDeadline(byte[] key, long deadline) {
    boolean present = find(key, Hash.of(key));
    assert present : "deadline for an absent key";
    if (isPast(deadline)) {
      removeHere();
    } else {
      setDeadlineHere(deadline);
    }
  }

  /** As storing the same value, but it is hashed once: that is most of the work. */
  private void setDeadlineHere(long deadline) {
    long hash = table.hash();
    long value = table.valueHash();
    digest -= Hash.combine(rest(hash, value, table.deadline(), table.version()), table.recency());
    if (table.deadline() != NO_DEADLINE) {
      deadlines.remove(table.deadline(), hash, weightHere());
    }
    long now = nextRecency();
    table.stamp(deadline, now, now);
    lastVersion = now;
    if (deadline != NO_DEADLINE) {
      deadlines.add(deadline, hash, weightHere());
    }
    digest += Hash.combine(rest(hash, value, deadline, now), now);
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
    removals.allRemoved(lastVersion);
    table = new KeyTable();
    table.rankFor(limit.policy());
    deadlines = new DeadlineIndex(logTime);
    digest = 0;
    bytes = 0;
    sizes = new SizeClasses();
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
   * @param visitor must not use this keyspace; returns whether it wants more, however few it had
   * @return where to go on; 0 if there are no further keys
   */
  long scan(long cursor, long atLeast, Predicate<byte[]> visitor) {
    assert cursor >= 0 && cursor < Limits.SCAN_CURSORS : cursor;
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
      if (!isPast(table.deadline())) {
        wanted &= visitor.test(table.key());
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
        return table.key();
      }
      more = table.next();
    }
  }

  /** All entries as they are now, gone ones included. O(1); see {@link KeyTable#freeze}. */
  FrozenTable freeze() {
    return table.freeze();
  }

  /** Key, value and length of the key of all entries, gone ones included, in bytes. */
  long recordBytes() {
    return bytes - table.size() * Limits.ENTRY_OVERHEAD_BYTES;
  }

  /** How many of their records are large. */
  SizeClasses sizes() {
    return sizes;
  }

  /** Whether any entry, gone ones included, has a deadline. */
  boolean hasDeadlines() {
    return deadlines.count() > 0;
  }

  /** How many entries there are, gone ones included. */
  long entries() {
    return table.size();
  }

  /** Begins the loading of a snapshot: the limit first, so that entries are ranked as they come. */
  void loading(MemoryLimit lastLimit) {
    assert table.size() == 0;
    setLimit(lastLimit);
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

  /** What is remembered of removed keys; a part of snapshots. */
  Removals removals() {
    return removals;
  }

  /** Ends the loading of a snapshot. */
  void loaded(long atIndex, long atLogTime, long expiredBefore, long evictedBefore) {
    index = atIndex;
    logTime = atLogTime;
    lastVersion = Math.max(lastVersion, removals.latestOfAll());
    deadlines.advance(atLogTime);
    expired = expiredBefore;
    evicted = evictedBefore;
    raiseCeiling();
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

  private boolean putHere(boolean present, long hash, byte[] key, byte[] value, long deadline) {
    if (isPast(deadline)) {
      if (present) {
        removeHere();
      }
      return true;
    }
    boolean replace = present;
    if (limit.isOn() && logicalBytes() + weight(key, value) > limit.bytes()) {
      Room room = new Room();
      room.owns(key);
      room.newBytes = weight(key, value);
      if (!room.make()) {
        return false;
      }
      replace = table.seek(key, hash);
    }
    store(replace, hash, key, value, deadline);
    return true;
  }

  private boolean makeRoomForAll(List<byte[]> pairs) {
    Map<ByteBuffer, Integer> lastPairs = new LinkedHashMap<>();
    for (int i = 0; i < pairs.size(); i += 2) {
      lastPairs.put(ByteBuffer.wrap(pairs.get(i)), i);
    }
    Room room = new Room();
    for (int i : lastPairs.values()) {
      room.owns(pairs.get(i));
      room.newBytes += weight(pairs.get(i), pairs.get(i + 1));
    }
    return room.make();
  }

  /** What a command needs, and the victims it takes. */
  private final class Room {
    private final List<byte[]> ownKeys = new ArrayList<>(2);
    // The logical bytes of those of them that exist, and of these the ones with a deadline.
    private long ownBytes;
    private long ownVolatileBytes;
    // What the command will put into their place.
    private long newBytes;

    void owns(byte[] key) {
      if (contains(key)) {
        ownKeys.add(key);
        long weight = weightHere();
        ownBytes += weight;
        ownVolatileBytes += table.deadline() == NO_DEADLINE ? 0 : weight;
      }
    }

    /**
     * Evicts until the command's result fits. Returns false, and has evicted nothing, if it would
     * be above the limit without all the others that may be evicted.
     */
    boolean make() {
      long growth = newBytes - ownBytes;
      if (!limit.isOn() || logicalBytes() + growth <= limit.bytes()) {
        return true;
      }
      long evictable =
          switch (limit.policy()) {
            case NOEVICTION -> 0;
            case ALLKEYS_LRU -> logicalBytes() - ownBytes;
            case VOLATILE_LRU -> deadlines.liveWeight() - ownVolatileBytes;
          };
      if (logicalBytes() - evictable + growth > limit.bytes()) {
        return false;
      }
      // The most recent ones now, they are the last that could be taken; it does not come to that.
      ownKeys.forEach(Keyspace.this::touch);
      while (logicalBytes() + growth > ceiling) {
        boolean found = evictOldest();
        assert found : "no victim where there were enough";
      }
      return true;
    }
  }

  /**
   * Removes the least recently used key that may be evicted; false if there is none. Gone entries
   * on the way there are collected. Each is met once, so that is work which {@link #collect} need
   * not do.
   */
  private boolean evictOldest() {
    while (table.seekOldest()) {
      boolean gone = isPast(table.deadline());
      removeHere();
      if (!gone) {
        evicted++;
        return true;
      }
    }
    return false;
  }

  private void touchHere() {
    long rest = rest(table.hash(), table.valueHash(), table.deadline(), table.version());
    digest -= Hash.combine(rest, table.recency());
    table.stamp(table.deadline(), table.version(), nextRecency());
    digest += Hash.combine(rest, table.recency());
  }

  /** Replaces the entry here or inserts one as the change that is made now. */
  private void store(boolean replace, long hash, byte[] key, byte[] value, long deadline) {
    long now = nextRecency();
    store(replace, hash, key, value, deadline, now, now);
  }

  /** Replaces the entry here or inserts one, and keeps index and sums in step. */
  private void store(
      boolean replace,
      long hash,
      byte[] key,
      byte[] value,
      long deadline,
      long version,
      long recency) {
    if (replace) {
      forgetHere();
      table.replace(key, value, deadline, version, recency);
    } else {
      table.insert(hash, key, value, deadline, version, recency);
    }
    lastVersion = Math.max(lastVersion, version);
    int weight = weight(key, value);
    if (deadline != NO_DEADLINE) {
      deadlines.add(deadline, hash, weight);
    }
    bytes += weight;
    sizes.count(EntryRecord.length(key.length, value.length), 1);
    digest += Hash.combine(rest(hash, Hash.of(value), deadline, version), recency);
  }

  private void removeHere() {
    removals.removed(table.hash(), table.version());
    forgetHere();
    table.remove();
  }

  /** Takes the entry here out of index and sums. */
  private void forgetHere() {
    long deadline = table.deadline();
    int weight = weightHere();
    if (deadline != NO_DEADLINE) {
      deadlines.remove(deadline, table.hash(), weight);
    }
    bytes -= weight;
    sizes.count(table.recordLength(), -1);
    digest -= contributionHere();
  }

  private int weightHere() {
    return weight(table.recordLength());
  }

  private static int weight(byte[] key, byte[] value) {
    return weight(EntryRecord.length(key.length, value.length));
  }

  private static int weight(int recordBytes) {
    return recordBytes + Limits.ENTRY_OVERHEAD_BYTES;
  }

  private long contributionHere() {
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
      sum += contributionHere();
      weights += weightHere();
      withDeadline += table.deadline() == NO_DEADLINE ? 0 : 1;
    }
    assert sum == digest : "digest";
    assert weights == bytes : "bytes";
    assert withDeadline == deadlines.count() : "deadlines";
  }
}
