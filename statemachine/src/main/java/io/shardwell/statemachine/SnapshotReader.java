package io.shardwell.statemachine;

import org.jspecify.annotations.Nullable;

/**
 * Reads {@link SnapshotFormat} into an empty keyspace and session table, chunk by chunk, and checks
 * all of it.
 */
final class SnapshotReader {
  private final Keyspace keys;
  private final SessionTable sessions;

  private int chunks;
  private boolean headerSeen;
  private boolean endSeen;
  private long logTime;
  private long lastIndex;
  private long expired;
  private long evicted;
  private long poisonedCommands;
  private long poisonDigest;
  private long digest;

  // The session whose replies are being read; it joins the table when they are complete.
  private SessionTable.@Nullable Owner openOwner;
  private @Nullable Session openSession;
  private int openReplies;

  SnapshotReader(Keyspace keys, SessionTable sessions) {
    this.keys = keys;
    this.sessions = sessions;
  }

  long logTime() {
    return logTime;
  }

  long lastIndex() {
    return lastIndex;
  }

  long poisonedCommands() {
    return poisonedCommands;
  }

  long poisonDigest() {
    return poisonDigest;
  }

  /** The digest the writer had. */
  long digest() {
    return digest;
  }

  /**
   * Reads the next chunk.
   *
   * @throws MalformedBytesException if it is not that; keyspace and sessions are then unusable
   */
  void read(byte[] chunk) {
    ByteReader in = new ByteReader(chunk);
    int version = in.readByte();
    require(version == SnapshotFormat.VERSION, "format version " + version);
    long number = in.readVarint();
    require(number == chunks, "chunk " + number + " in the place of chunk " + chunks);
    require(!endSeen, "chunks after the end");
    chunks++;
    while (!in.atEnd()) {
      readRecord(in);
    }
  }

  /** There are no more chunks. */
  void end() {
    require(endSeen, "no end");
    keys.loaded(lastIndex, logTime, expired, evicted);
  }

  private void readRecord(ByteReader in) {
    int kind = in.readByte();
    require(!endSeen, "records after the end");
    require(headerSeen == (kind != SnapshotFormat.HEADER), "header missing or repeated");
    boolean isReplies = kind == SnapshotFormat.REPLIES || kind == SnapshotFormat.REPLIES_GONE;
    require(isReplies == (openReplies > 0), "replies missing or too many");
    switch (kind) {
      case SnapshotFormat.HEADER -> header(in);
      case SnapshotFormat.SESSION -> session(in);
      case SnapshotFormat.REPLIES -> replies(Session.Remembered.of(in.readBytes()));
      case SnapshotFormat.REPLIES_GONE -> replies(Session.Remembered.of(null));
      case SnapshotFormat.TOMBSTONE -> tombstone(in);
      case SnapshotFormat.REMOVALS -> keys.removals().read(in);
      case SnapshotFormat.ENTRY -> entry(in);
      case SnapshotFormat.END -> end(in);
      default -> throw new MalformedBytesException("snapshot record of kind " + kind);
    }
  }

  private void header(ByteReader in) {
    headerSeen = true;
    logTime = in.readNatural("log time");
    lastIndex = in.readNatural("index");
    expired = in.readNatural("expired keys");
    evicted = in.readNatural("evicted keys");
    keys.loading(MemoryLimit.read(in));
    poisonedCommands = in.readNatural("poisoned commands");
    poisonDigest = in.readLong();
  }

  private void session(ByteReader in) {
    openOwner = owner(in);
    long boot = in.readNatural("boot number");
    long lastSequence = in.readNatural("sequence");
    openSession = new Session(boot, lastSequence);
    openReplies = in.readCount(Limits.MAX_REMEMBERED_BATCHES, "remembered batches");
    require(openReplies <= lastSequence, "more replies than batches");
    closeSessionIfComplete();
  }

  private void replies(Session.Remembered replies) {
    assert openSession != null;
    openSession.load(replies);
    openReplies--;
    closeSessionIfComplete();
  }

  private void closeSessionIfComplete() {
    if (openReplies == 0) {
      assert openOwner != null && openSession != null;
      require(sessions.load(openOwner, openSession), "a session twice");
    }
  }

  private void tombstone(ByteReader in) {
    SessionTable.Owner owner = owner(in);
    sessions.retire(owner.nodeId(), owner.incarnation());
  }

  private void entry(ByteReader in) {
    byte[] key = in.readBytes();
    byte[] value = in.readBytes();
    long deadline = in.readNatural("deadline");
    long version = in.readNatural("version");
    long recency = version + in.readNatural("recency");
    boolean added =
        keys.load(key, value, deadline == 0 ? Keyspace.NO_DEADLINE : deadline, version, recency);
    require(added, "a key twice");
  }

  private void end(ByteReader in) {
    endSeen = true;
    long entries = in.readNatural("entries");
    require(entries == keys.entries(), keys.entries() + " entries, announced " + entries);
    digest = in.readLong();
  }

  private static SessionTable.Owner owner(ByteReader in) {
    return new SessionTable.Owner(Batch.readNodeId(in), in.readLong());
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new MalformedBytesException("snapshot: " + otherwise);
    }
  }
}
