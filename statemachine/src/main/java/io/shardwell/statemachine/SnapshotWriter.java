package io.shardwell.statemachine;

import java.util.ArrayList;
import java.util.List;

/** Writes the records of {@link SnapshotFormat} into chunks. */
final class SnapshotWriter {
  private final List<byte[]> chunks = new ArrayList<>();
  private final ByteWriter chunk = new ByteWriter(4096);
  private final ByteWriter record = new ByteWriter(4096);
  private int recordsInChunk;
  private long entries;

  SnapshotWriter() {
    beginChunk();
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

  void session(SessionTable.Owner owner, Session session) {
    record.writeByte(SnapshotFormat.SESSION);
    owner(owner);
    record.writeVarint(session.boot());
    record.writeVarint(session.lastSequence());
    record.writeVarint(session.rememberedSize());
    endRecord();
    for (Session.Remembered each : session.remembered()) {
      byte[] replies = each.replies();
      if (replies == null) {
        record.writeByte(SnapshotFormat.REPLIES_GONE);
      } else {
        record.writeByte(SnapshotFormat.REPLIES);
        record.writeBytes(replies);
      }
      endRecord();
    }
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

  void entry(byte[] entry, long deadline, long version, long recency) {
    record.writeByte(SnapshotFormat.ENTRY);
    record.writeBytes(EntryRecord.key(entry));
    int valueFrom = EntryRecord.valueFrom(entry);
    record.writeBytes(entry, valueFrom, entry.length - valueFrom);
    record.writeVarint(deadline == Keyspace.NO_DEADLINE ? 0 : deadline);
    record.writeVarint(version);
    record.writeVarint(recency - version);
    endRecord();
    entries++;
  }

  /** Ends the snapshot and returns its chunks. */
  List<byte[]> end(long digest) {
    record.writeByte(SnapshotFormat.END);
    record.writeVarint(entries);
    record.writeLong(digest);
    endRecord();
    chunks.add(chunk.toBytes());
    return chunks;
  }

  private void owner(SessionTable.Owner owner) {
    record.writeText(owner.nodeId());
    record.writeLong(owner.incarnation());
  }

  private void endRecord() {
    if (recordsInChunk > 0 && chunk.length() + record.length() > Limits.MAX_CHUNK_BYTES) {
      chunks.add(chunk.toBytes());
      beginChunk();
    }
    chunk.writeRaw(record);
    recordsInChunk++;
    record.clear();
  }

  private void beginChunk() {
    chunk.clear();
    chunk.writeByte(SnapshotFormat.VERSION);
    chunk.writeVarint(chunks.size());
    recordsInChunk = 0;
  }
}
