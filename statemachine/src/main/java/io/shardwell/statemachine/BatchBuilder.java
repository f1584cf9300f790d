package io.shardwell.statemachine;

/**
 * Collects calls and builds the bytes of one batch; reusable. Not thread-safe.
 *
 * <p>The builder does not enforce {@link Limits#MAX_BATCH_BYTES} and {@link
 * Limits#MAX_BATCH_COMMANDS}: the caller looks at {@link #sizeBytes} and {@link #commandCount}
 * before it adds, because a single larger command travels alone.
 */
public final class BatchBuilder {
  private final ByteWriter commands = new ByteWriter(1024);
  private int commandCount;

  /** Adds a call at the end. */
  public void add(Invocation invocation) {
    InvocationCodec.write(commands, invocation);
    commandCount++;
  }

  /** How many calls wait to be built. */
  public int commandCount() {
    return commandCount;
  }

  /** How many bytes these calls take, the batch's header of under 600 bytes not counted. */
  public int sizeBytes() {
    return commands.length();
  }

  /**
   * The batch's bytes; the builder is empty afterwards.
   *
   * @param sequence from 1, one more than the session's batch before
   * @param acknowledgedSequence replies up to this one have arrived and may be forgotten; 0 if none
   * @throws IllegalArgumentException unless 0 <= acknowledgedSequence < sequence
   */
  public byte[] build(SessionKey key, long sequence, long acknowledgedSequence) {
    byte[] batch = encode(key, sequence, acknowledgedSequence, commandCount, commands);
    commands.clear();
    commandCount = 0;
    return batch;
  }

  /** A batch without calls: occupies a sequence number so that an older copy never takes effect. */
  public static byte[] empty(SessionKey key, long sequence, long acknowledgedSequence) {
    return encode(key, sequence, acknowledgedSequence, 0, new ByteWriter(0));
  }

  private static byte[] encode(
      SessionKey key,
      long sequence,
      long acknowledgedSequence,
      int commandCount,
      ByteWriter commands) {
    if (acknowledgedSequence < 0 || acknowledgedSequence >= sequence) {
      throw new IllegalArgumentException(
          "batch " + sequence + " acknowledges " + acknowledgedSequence);
    }
    ByteWriter out = new ByteWriter(64 + commands.length());
    out.writeText(key.nodeId());
    out.writeLong(key.incarnation());
    out.writeVarint(key.boot());
    out.writeVarint(sequence);
    out.writeVarint(acknowledgedSequence);
    out.writeVarint(commandCount);
    out.writeRaw(commands);
    return out.toBytes();
  }
}
