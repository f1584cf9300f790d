package io.shardwell.raftgroup.replica;

import java.util.ArrayDeque;

/**
 * The applied entries of all replicas on a loop whose bytes are still in memory, oldest first;
 * beyond a limit in bytes the oldest give theirs back (MICRORAFT B10). Loop thread only.
 */
public final class RecentEntries {

  private final long limitBytes;
  private final ArrayDeque<LogBytes> entries = new ArrayDeque<>();

  // Invariant: the sum of the sizes in entries, at most limitBytes after every add.
  private long bytes;

  public RecentEntries(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** An entry was applied; one that was read back for that is not in memory. */
  void add(LogBytes entry) {
    if (!entry.isInMemory()) {
      return;
    }
    entries.add(entry);
    bytes += entry.size();
    while (bytes > limitBytes) {
      LogBytes oldest = entries.remove();
      bytes -= oldest.size();
      oldest.drop();
    }
  }
}
