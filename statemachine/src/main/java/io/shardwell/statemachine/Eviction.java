package io.shardwell.statemachine;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds the keys of a shard to its {@link MemoryLimit}: room is made before a write, and keys are
 * dropped bit by bit after the limit was lowered.
 *
 * <p>Gone entries are not victims and do not count: how far collecting has come makes no difference
 * to what is evicted. The keys that a command writes are the most recent ones and no victims of its
 * own.
 */
final class Eviction {
  private final Entries entries;
  private MemoryLimit limit = MemoryLimit.NONE;
  // What the live bytes must not pass in this log entry: the limit or, while a lowered limit is
  // being approached, what there was when it began. Follows from the state before the log entry.
  private long ceiling = Long.MAX_VALUE;
  private long evicted;

  Eviction(Entries entries) {
    this.entries = entries;
  }

  /** Called before each log entry is executed, when log time is that of the entry. */
  void enter() {
    raiseCeiling();
  }

  private void raiseCeiling() {
    ceiling = limit.isOn() ? Math.max(limit.bytes(), entries.liveBytes()) : Long.MAX_VALUE;
  }

  MemoryLimit limit() {
    return limit;
  }

  /** Sets the limit; nothing is evicted yet. */
  void setLimit(MemoryLimit newLimit) {
    if (newLimit.policy() != limit.policy()) {
      entries.rankFor(newLimit.policy());
    }
    limit = newLimit;
    raiseCeiling();
  }

  /** How many keys were evicted since the beginning. */
  long evicted() {
    return evicted;
  }

  /** Ends the loading of a snapshot, whose entries and limit are there. */
  void loaded(long evictedBefore) {
    evicted = evictedBefore;
    raiseCeiling();
  }

  /** Called after each log entry: evicts at most so many keys if the limit has been lowered. */
  void sink(int mostVictims) {
    for (int i = 0; i < mostVictims && isAboveLimit() && evictOldest(); i++) {}
    assert entries.liveBytes() <= ceiling : entries.liveBytes() + " bytes, at most " + ceiling;
  }

  /** Whether further entries, whatever they are, would bring the keys nearer to the limit. */
  boolean canSink() {
    return isAboveLimit() && entries.table().hasOldest();
  }

  /** Whether the limit was lowered below what is here, and nothing can be evicted to get there. */
  boolean isStuck() {
    return isAboveLimit() && evictableBytes(0, 0) == 0;
  }

  private boolean isAboveLimit() {
    return limit.isOn() && entries.liveBytes() > limit.bytes();
  }

  /**
   * What the keys weigh that may be evicted, but for some that must stay.
   *
   * @param stayingBytes what those weigh
   * @param stayingVolatileBytes what those of them weigh that have a deadline
   */
  private long evictableBytes(long stayingBytes, long stayingVolatileBytes) {
    return switch (limit.policy()) {
      case NOEVICTION -> 0;
      case ALLKEYS_LRU -> entries.liveBytes() - stayingBytes;
      case VOLATILE_LRU -> entries.deadlines().liveWeight() - stayingVolatileBytes;
    };
  }

  /** Whether a key fits in any case, even if it takes the place of none. */
  boolean fits(byte[] key, byte[] value) {
    return !limit.isOn() || entries.liveBytes() + Entries.weight(key, value) <= limit.bytes();
  }

  /** Makes room for a key; false if there is none, and nothing has changed. */
  boolean makeRoom(byte[] key, byte[] value) {
    Room room = new Room();
    room.owns(key);
    room.newBytes = Entries.weight(key, value);
    return room.make();
  }

  /**
   * Makes room for keys, of one named twice the last; false if there is not enough for all of them
   * together, and nothing has changed.
   *
   * @param pairs keys and values by turns
   */
  boolean makeRoom(List<byte[]> pairs) {
    if (!limit.isOn()) {
      return true;
    }
    Map<ByteBuffer, Integer> lastPairs = new LinkedHashMap<>();
    for (int i = 0; i < pairs.size(); i += 2) {
      lastPairs.put(ByteBuffer.wrap(pairs.get(i)), i);
    }
    Room room = new Room();
    for (int i : lastPairs.values()) {
      room.owns(pairs.get(i));
      room.newBytes += Entries.weight(pairs.get(i), pairs.get(i + 1));
    }
    return room.make();
  }

  /**
   * Makes room for the value of one key under another one; false if there is none, and nothing has
   * changed. If nothing grows there is room, even above a lowered limit.
   */
  boolean makeRoomToMove(byte[] from, byte[] to, byte[] value) {
    Room room = new Room();
    room.owns(from);
    room.owns(to);
    room.newBytes = Entries.weight(to, value);
    return room.newBytes <= room.ownBytes || room.make();
  }

  /** What a command needs, and the victims it takes. */
  private final class Room {
    private final List<byte[]> ownKeys = new ArrayList<>(2);
    // What those of them weigh that exist, and of these the ones with a deadline.
    private long ownBytes;
    private long ownVolatileBytes;
    // What the command will put into their place.
    private long newBytes;

    void owns(byte[] key) {
      if (entries.find(key)) {
        ownKeys.add(key);
        long weight = entries.weight();
        ownBytes += weight;
        ownVolatileBytes += entries.table().deadline() == Keyspace.NO_DEADLINE ? 0 : weight;
      }
    }

    /**
     * Evicts until the command's result fits. Returns false, and has evicted nothing, if it would
     * be above the limit without all the others that may be evicted.
     */
    boolean make() {
      long growth = newBytes - ownBytes;
      if (!limit.isOn() || entries.liveBytes() + growth <= limit.bytes()) {
        return true;
      }
      long evictable = evictableBytes(ownBytes, ownVolatileBytes);
      if (entries.liveBytes() - evictable + growth > limit.bytes()) {
        return false;
      }
      // The most recent ones now, they are the last that could be taken; it does not come to that.
      for (byte[] key : ownKeys) {
        boolean present = entries.find(key);
        assert present : "a key of the command has gone";
        entries.touch();
      }
      while (entries.liveBytes() + growth > ceiling) {
        boolean found = evictOldest();
        assert found : "no victim where there were enough";
      }
      return true;
    }
  }

  /**
   * Removes the least recently used key that may be evicted; false if there is none. Gone entries
   * on the way there are collected. Each is met once, so that is work which {@link
   * Keyspace#collect} need not do.
   */
  private boolean evictOldest() {
    while (entries.table().seekOldest()) {
      boolean gone = entries.isGone();
      entries.remove();
      if (!gone) {
        evicted++;
        return true;
      }
    }
    return false;
  }
}
