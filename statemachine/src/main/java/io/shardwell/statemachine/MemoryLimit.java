package io.shardwell.statemachine;

/**
 * How much a shard may hold and what it does when it is full. Part of its replicated state, changed
 * by a log entry only.
 *
 * @param revision grows with each change; an entry with a revision not above the current one does
 *     nothing, so a late or repeated one does no harm. 0 before the first
 * @param bytes the most logical bytes of the keys that exist; 0 for no limit
 * @param policy which keys may be dropped to make room
 */
public record MemoryLimit(long revision, long bytes, EvictionPolicy policy) {
  /** What a new shard has. */
  public static final MemoryLimit NONE = new MemoryLimit(0, 0, EvictionPolicy.NOEVICTION);

  public MemoryLimit {
    if (revision < 0 || bytes < 0) {
      throw new IllegalArgumentException("memory limit " + revision + ": " + bytes);
    }
  }

  /** Whether there is a limit. */
  public boolean isOn() {
    return bytes > 0;
  }

  /** Whether there is a limit under which keys are evicted. */
  public boolean evicts() {
    return isOn() && policy != EvictionPolicy.NOEVICTION;
  }

  void write(ByteWriter out) {
    out.writeVarint(revision);
    out.writeVarint(bytes);
    out.writeByte(policy.code());
  }

  static MemoryLimit read(ByteReader in) {
    long revision = in.readNatural("revision");
    long bytes = in.readNatural("memory limit");
    int code = in.readByte();
    EvictionPolicy policy = EvictionPolicy.byCode(code);
    if (policy == null) {
      throw new MalformedBytesException("eviction policy " + code);
    }
    return new MemoryLimit(revision, bytes, policy);
  }

  long digest() {
    return Hash.combine(Hash.combine(revision, bytes), policy.code());
  }
}
