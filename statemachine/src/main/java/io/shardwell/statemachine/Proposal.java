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

  /** Kind (1 byte) and stamp (8 bytes, big-endian). */
  static final int HEADER_BYTES = 9;

  private Proposal() {}

  /** An entry that executes a batch from {@link BatchBuilder}. */
  public static byte[] batch(long stampMillis, byte[] batch) {
    byte[] proposal = header(BATCH, stampMillis, batch.length);
    System.arraycopy(batch, 0, proposal, HEADER_BYTES, batch.length);
    return proposal;
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
    byte[] bytes = body.toBytes();
    byte[] proposal = header(RETIRE_SESSION, stampMillis, bytes.length);
    System.arraycopy(bytes, 0, proposal, HEADER_BYTES, bytes.length);
    return proposal;
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
