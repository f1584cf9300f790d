package io.shardwell.statemachine;

/**
 * A snapshot being read, beside the state that it will replace ({@link ShardState#installShadow}).
 * Used by one thread.
 */
public final class ShadowShard {
  final Keyspace keys = new Keyspace();
  final SessionTable sessions = new SessionTable();
  private final SnapshotReader reader = new SnapshotReader(keys, sessions);

  /**
   * Reads the next chunk; they must come in order.
   *
   * @throws MalformedBytesException if it is not the next one; this shadow is then of no more use
   */
  public void add(byte[] chunk) {
    reader.read(chunk);
  }

  /** No more chunks come. */
  SnapshotReader finish() {
    reader.end();
    return reader;
  }
}
