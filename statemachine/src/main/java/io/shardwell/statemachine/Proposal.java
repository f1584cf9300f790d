package io.shardwell.statemachine;

/**
 * One log entry's bytes: a kind, the leader's stamp in milliseconds, and a body. The kind is also
 * the version of the body's layout: another layout takes another kind.
 */
public final class Proposal {
  static final int BATCH = 1;
  static final int TICK = 2;
  static final int NEW_TERM = 3;
  static final int RETIRE_SESSION = 4;
  static final int MEMORY_LIMIT = 5;
  static final int TOUCH = 6;

  /** Kind (1 byte) and stamp (8 bytes, big-endian). */
  static final int HEADER_BYTES = 9;

  private Proposal() {}

  /** An entry that executes a batch from {@link BatchBuilder}. */
  public static byte[] batch(long stampMillis, byte[] batch) {
    return withBody(BATCH, stampMillis, batch);
  }

  /** An entry that only moves log time. */
  public static byte[] tick(long stampMillis) {
    return header(TICK, stampMillis, 0);
  }

  /** The first entry of a leader's term; only moves log time. */
  public static byte[] newTerm(long stampMillis) {
    return header(NEW_TERM, stampMillis, 0);
  }

  /** An entry that ends all sessions of a node's incarnation for ever. */
  public static byte[] retireSession(long stampMillis, String nodeId, long incarnation) {
    SessionKey.checkNodeId(nodeId);
    ByteWriter body = new ByteWriter(64);
    body.writeText(nodeId);
    body.writeLong(incarnation);
    return withBody(RETIRE_SESSION, stampMillis, body.toBytes());
  }

  /** An entry that sets the shard's memory limit, unless that has this revision or a later one. */
  public static byte[] memoryLimit(long stampMillis, MemoryLimit limit) {
    ByteWriter body = new ByteWriter(32);
    limit.write(body);
    return withBody(MEMORY_LIMIT, stampMillis, body.toBytes());
  }

  /** An entry that makes keys the most recently used ones; those that are gone are ignored. */
  public static byte[] touch(long stampMillis, TouchBuilder touched) {
    return withBody(TOUCH, stampMillis, touched.build());
  }

  /**
   * The stamp of an entry, in milliseconds.
   *
   * @throws MalformedBytesException if the bytes are too short to be an entry
   */
  public static long stampOf(byte[] proposal) {
    if (proposal.length < HEADER_BYTES) {
      throw new MalformedBytesException("log entry of " + proposal.length + " bytes");
    }
    return Bytes.getLong(proposal, 1);
  }

  /** What follows the header. */
  static ByteReader bodyOf(byte[] proposal) {
    if (stampOf(proposal) < 0) {
      throw new MalformedBytesException("negative stamp " + stampOf(proposal));
    }
    return new ByteReader(proposal, HEADER_BYTES);
  }

  static int kindOf(byte[] proposal) {
    return proposal[0];
  }

  private static byte[] withBody(int kind, long stampMillis, byte[] body) {
    byte[] proposal = header(kind, stampMillis, body.length);
    System.arraycopy(body, 0, proposal, HEADER_BYTES, body.length);
    return proposal;
  }

  private static byte[] header(int kind, long stampMillis, int bodyBytes) {
    if (stampMillis < 0) {
      throw new IllegalArgumentException("negative stamp " + stampMillis);
    }
    byte[] proposal = new byte[HEADER_BYTES + bodyBytes];
    proposal[0] = (byte) kind;
    Bytes.putLong(proposal, 1, stampMillis);
    return proposal;
  }
}
