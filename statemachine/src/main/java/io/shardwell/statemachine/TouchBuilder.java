package io.shardwell.statemachine;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Collects the keys that reads have used, each once, in the order of their last use; reusable. Not
 * thread-safe.
 *
 * <p>A key stands for its hash: eight bytes in the log instead of up to {@link
 * Limits#MAX_KEY_BYTES}. Should two keys ever share one, a use of the one is taken for a use of
 * both, the same on every replica.
 */
public final class TouchBuilder {
  private final Set<Long> hashes = new LinkedHashSet<>();

  /** How many keys have gathered. */
  public int size() {
    return hashes.size();
  }

  /** Whether an entry has no place for further keys: the others are not recorded. */
  public boolean isFull() {
    return hashes.size() >= Limits.MAX_TOUCHED_KEYS;
  }

  /** Forgets all of them. */
  public void clear() {
    hashes.clear();
  }

  void add(long hash) {
    boolean known = hashes.remove(hash);
    if (known || !isFull()) {
      hashes.add(hash);
    }
  }

  /** The body of the entry; the builder is empty afterwards. */
  byte[] build() {
    ByteWriter out = new ByteWriter(3 + 8 * hashes.size());
    out.writeVarint(hashes.size());
    hashes.forEach(out::writeLong);
    hashes.clear();
    return out.toBytes();
  }
}
