package io.shardwell.statemachine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A shard's state as it was at one moment, on its way into the chunks of a snapshot, a little at a
 * time, while the shard goes on changing.
 *
 * <p>What is small is copied when it begins: the header, the sessions, of which there is one for
 * each node, and what is remembered of removed keys. Keys are copied where they change ({@link
 * FrozenTable}). Used by the shard's thread.
 */
public final class FrozenShard {
  /** A step ends when it has written this many bytes, in the middle of everything but a record. */
  private static final int STEP_BYTES = 64 * 1024;

  private static final int MOST_VARINT_BYTES = 10;

  /** Kind, length of the value, and a deadline if there is none. */
  private static final int FIXED_ENTRY_BYTES = 1 + 4 + 1;

  private final long index;
  private final long digest;
  private final int chunkCount;
  private final long mostBytes;
  private final FrozenTable entries;
  private final SnapshotWriter out;

  // Written before the entries: sessions with their replies, tombstones, what is known of removals.
  private final Deque<Runnable> first = new ArrayDeque<>();
  private boolean entriesEnded;
  private int chunks;

  FrozenShard(ShardState shard, Keyspace keys, SessionTable sessions, int mostChunkBytes) {
    index = shard.lastAppliedIndex();
    digest = shard.digest();
    entries = keys.freeze();

    SizeClasses sizes = new SizeClasses();
    sizes.add(keys.sizes());
    long bytes = 12L * MOST_VARINT_BYTES; // Header and end.
    bytes += keys.recordBytes() + keys.entries() * overhead(keys);
    for (Map.Entry<SessionTable.Owner, Session> each : sessions.sessions().entrySet()) {
      bytes += ownerBytes(each.getKey()) + 4 * MOST_VARINT_BYTES;
      for (Session.Remembered replies : each.getValue().remembered()) {
        int length = replies.replies() == null ? 0 : replies.replies().length;
        bytes += length + MOST_VARINT_BYTES;
        sizes.count(length + MOST_VARINT_BYTES, 1);
      }
    }
    for (SessionTable.Owner each : sessions.tombstones()) {
      bytes += ownerBytes(each) + MOST_VARINT_BYTES;
    }
    bytes += 1 + (long) Removals.GROUPS * MOST_VARINT_BYTES;
    mostBytes = bytes;
    int capacity = mostChunkBytes - SnapshotWriter.CHUNK_HEADER_BYTES;
    chunkCount = Math.toIntExact(sizes.mostChunks(bytes, capacity));

    out = new SnapshotWriter(chunkCount, capacity);
    out.header(
        shard.logTimeMillis(),
        shard.lastAppliedIndex(),
        keys,
        shard.poisonedCommands(),
        shard.poisonDigest());
    sessions.sessions().forEach(this::keepSession);
    sessions.tombstones().forEach(owner -> first.add(() -> out.tombstone(owner)));
    Removals removals = keys.removals().copy();
    first.add(() -> out.removals(removals));
  }

  private void keepSession(SessionTable.Owner owner, Session session) {
    Session now = session.copy();
    first.add(() -> out.session(owner, now));
    for (Session.Remembered replies : now.remembered()) {
      first.add(() -> out.replies(replies));
    }
  }

  private static long ownerBytes(SessionTable.Owner owner) {
    return 3L * owner.nodeId().length() + MOST_VARINT_BYTES + Long.BYTES;
  }

  /** What an entry takes besides its record, at most, in bytes. */
  private long overhead(Keyspace keys) {
    // Index and ordinal; the recency is written as what it is above the version.
    long version = Math.min(MOST_VARINT_BYTES, ByteWriter.varintBytes(index) + 3);
    return FIXED_ENTRY_BYTES + 2 * version + (keys.hasDeadlines() ? MOST_VARINT_BYTES : 0);
  }

  /** The index of the last log entry in it. */
  public long index() {
    return index;
  }

  /** How many chunks it will have; at least one. */
  public int chunkCount() {
    return chunkCount;
  }

  /** How long all chunks will be at most, in bytes. */
  public long mostBytes() {
    return mostBytes + (long) chunkCount * SnapshotWriter.CHUNK_HEADER_BYTES;
  }

  /**
   * Goes on writing: at most so many records or about 64 KiB, or one larger record.
   *
   * @return the next chunk if that completed it, else null
   * @throws IllegalStateException if all chunks have been written
   */
  public byte @Nullable [] write(int mostRecords) {
    if (chunks == chunkCount) {
      throw new IllegalStateException("the snapshot of entry " + index + " is complete");
    }
    long enough = out.writtenBytes() + STEP_BYTES;
    byte[] chunk = null;
    for (int i = 0; i < mostRecords && chunk == null && out.writtenBytes() < enough; i++) {
      writeRecord();
      chunk = out.takeChunk();
    }
    if (chunk != null) {
      chunks++;
    }
    assert chunks < chunkCount || out.writtenBytes() <= mostBytes
        : out.writtenBytes() + " bytes, expected at most " + mostBytes;
    return chunk;
  }

  private void writeRecord() {
    Runnable next = first.poll();
    if (next != null) {
      next.run();
    } else if (!entriesEnded && entries.next()) {
      assert entries.version() >>> Entries.ORDINAL_BITS <= index : "version after the snapshot";
      out.entry(entries);
    } else if (!entriesEnded) {
      entriesEnded = true;
      entries.letGo();
    } else if (out.pad()) {
      out.end(digest);
    }
  }

  /** How many pages of keys are held only for this view. */
  public int keptPages() {
    return entries.keptPages();
  }

  /** It is not wanted any more, complete or not. */
  public void letGo() {
    entries.letGo();
    first.clear();
  }
}
