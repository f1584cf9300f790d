package io.shardwell.statemachine;

/**
 * What a shard remembers of keys that are no more: for each of some groups of keys, by their
 * hashes, the latest version that any removed entry of the group had.
 *
 * <p>WATCH stands on it. A key that was absent, then there, then absent again has changed, and
 * nothing else tells: a client may have read the value in between. The versions of a group stand in
 * for those of its absent keys, which errs on the safe side only. An entry that is gone counts by
 * its own version until it is removed, so that the moment of its removal makes no difference.
 */
final class Removals {
  /** A watched absent key is taken for changed by the short life of one other key in so many. */
  static final int GROUPS = 1024;

  private static final int SHIFT = 64 - Integer.numberOfTrailingZeros(GROUPS);
  private static final long SALT = 0x72656d6f76616c73L;

  // Invariant: never falls; at or below the version of the entry that is written next.
  private final long[] versions = new long[GROUPS];
  // Invariant: the sum of contribution() over all groups.
  private long digest;

  /** An entry was removed. */
  void removed(long hash, long version) {
    set((int) (hash >>> SHIFT), version);
  }

  /** Everything was removed, and nothing ever had a later version. */
  void allRemoved(long latestVersion) {
    for (int group = 0; group < GROUPS; group++) {
      set(group, latestVersion);
    }
  }

  /** At least the latest version that a key of this hash ever had and that was removed. */
  long latest(long hash) {
    return versions[(int) (hash >>> SHIFT)];
  }

  /** The latest version of any removed entry. */
  long latestOfAll() {
    long latest = 0;
    for (long version : versions) {
      latest = Math.max(latest, version);
    }
    return latest;
  }

  long digest() {
    return digest;
  }

  /** The same at this moment. */
  Removals copy() {
    Removals copy = new Removals();
    for (int group = 0; group < GROUPS; group++) {
      copy.set(group, versions[group]);
    }
    return copy;
  }

  void write(ByteWriter out) {
    for (long version : versions) {
      out.writeVarint(version);
    }
  }

  void read(ByteReader in) {
    for (int group = 0; group < GROUPS; group++) {
      set(group, in.readNatural("version of removed keys"));
    }
  }

  private void set(int group, long version) {
    if (version > versions[group]) {
      digest += contribution(group, version) - contribution(group, versions[group]);
      versions[group] = version;
    }
  }

  private static long contribution(int group, long version) {
    return version == 0 ? 0 : Hash.combine(SALT + group, version);
  }
}
