package io.shardwell.statemachine;

import org.jspecify.annotations.Nullable;

/**
 * Writes the records of {@link SnapshotFormat} into a number of chunks that is fixed beforehand.
 * What is left of the number when the records end are chunks without records, and the end stands in
 * the last one: it shows that none is missing.
 */
final class SnapshotWriter {
  /** The version and the longest number of a chunk. */
  static final int CHUNK_HEADER_BYTES = 1 + 5;

  /** Kind, lengths of key and value, deadline, version and recency, at most. */
  private static final int MOST_ENTRY_OVERHEAD = 1 + 5 + 5 + 3 * 10;

  // Bytes of records in a chunk, at most, but for a larger one that is alone.
  private final int capacity;
  private final int chunkCount;
  private final ByteWriter chunk = new ByteWriter(4096);
  private final ByteWriter record = new ByteWriter(4096);
  private int recordsInChunk;
  private int bytesInChunk;
  private int chunks;
  private long entries;
  private long writtenBytes;
  // Complete, and not yet taken. A record ends at most one chunk.
  private byte @Nullable [] complete;

  /**
   * @param chunkCount enough of them ({@link SizeClasses#mostChunks})
   * @param capacity bytes of records in one
   */
  SnapshotWriter(int chunkCount, int capacity) {
    this.chunkCount = chunkCount;
    this.capacity = capacity;
    beginChunk();
  }

  /** A chunk that is complete, once; null if there is none. To be asked after every record. */
  byte @Nullable [] takeChunk() {
    byte[] taken = complete;
    complete = null;
    return taken;
  }

  /** Bytes of all records so far. */
  long writtenBytes() {
    return writtenBytes;
  }

  void header(
      long logTime, long lastIndex, Keyspace keys, long poisonedCommands, long poisonDigest) {
    record.writeByte(SnapshotFormat.HEADER);
    record.writeVarint(logTime);
    record.writeVarint(lastIndex);
    record.writeVarint(keys.expired());
    record.writeVarint(keys.evicted());
    keys.limit().write(record);
    record.writeVarint(poisonedCommands);
    record.writeLong(poisonDigest);
    endRecord();
  }

  /** The session without its replies, which follow. */
  void session(SessionTable.Owner owner, Session session) {
    record.writeByte(SnapshotFormat.SESSION);
    owner(owner);
    record.writeVarint(session.boot());
    record.writeVarint(session.lastSequence());
    record.writeVarint(session.rememberedSize());
    endRecord();
  }

  void replies(Session.Remembered remembered) {
    byte[] replies = remembered.replies();
    if (replies == null) {
      record.writeByte(SnapshotFormat.REPLIES_GONE);
    } else {
      record.writeByte(SnapshotFormat.REPLIES);
      record.writeBytes(replies);
    }
    endRecord();
  }

  void tombstone(SessionTable.Owner owner) {
    record.writeByte(SnapshotFormat.TOMBSTONE);
    owner(owner);
    endRecord();
  }

  void removals(Removals removals) {
    record.writeByte(SnapshotFormat.REMOVALS);
    removals.write(record);
    endRecord();
  }

  /** The entry where a visit stands. */
  void entry(FrozenTable at) {
    byte[] array = at.array();
    int from = at.from();
    int to = from + at.length();
    // Of each number room for ten bytes is asked for before it is written.
    record.reserve(at.length() + MOST_ENTRY_OVERHEAD + 10);
    record.writeByte(SnapshotFormat.ENTRY);
    int valueFrom = EntryRecord.valueFrom(array, from);
    record.writeRaw(array, from, valueFrom - from); // Length and key.
    record.writeBytes(array, valueFrom, to - valueFrom);
    record.writeVarint(at.deadline() == Keyspace.NO_DEADLINE ? 0 : at.deadline());
    record.writeVarint(at.version());
    record.writeVarint(at.recency() - at.version());
    endRecord();
    entries++;
  }

  /** Ends the chunk here; true if the next one is the last, where the end belongs. */
  boolean pad() {
    if (chunks == chunkCount - 1) {
      return true;
    }
    endChunk();
    return false;
  }

  void end(long digest) {
    record.writeByte(SnapshotFormat.END);
    record.writeVarint(entries);
    record.writeLong(digest);
    endRecord();
    endChunk();
  }

  private void owner(SessionTable.Owner owner) {
    record.writeText(owner.nodeId());
    record.writeLong(owner.incarnation());
  }

  private void endRecord() {
    if (recordsInChunk > 0 && bytesInChunk + record.length() > capacity) {
      endChunk();
    }
    chunk.writeRaw(record);
    recordsInChunk++;
    bytesInChunk += record.length();
    writtenBytes += record.length();
    record.clear();
  }

  private void endChunk() {
    assert complete == null : "a complete chunk was not taken";
    assert chunks < chunkCount : "more than " + chunkCount + " chunks";
    complete = chunk.toBytes();
    chunks++;
    beginChunk();
  }

  private void beginChunk() {
    chunk.clear();
    chunk.writeByte(SnapshotFormat.VERSION);
    chunk.writeVarint(chunks);
    recordsInChunk = 0;
    bytesInChunk = 0;
  }
}
