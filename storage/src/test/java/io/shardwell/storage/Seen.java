package io.shardwell.storage;

import java.nio.ByteBuffer;

/**
 * Counts what a random node went through, so that a test can say that crashes really came in the
 * middle of what is hard.
 */
final class Seen {
  /** Entries that were appended again and changed their place. */
  int moved;

  /** Crashes while records that are needed were being read, or appended again and not durable. */
  int crashesWhileRewriting;

  /** Crashes behind which an old segment had lost its name, and nothing else. */
  int crashesBeforeTheNewHeader;

  /** Crashes behind which it had its new header, and not its name. */
  int crashesBeforeTheNewName;

  /** Crashes behind which the last segment was one that had been another before. */
  int crashesWithARecycledEnd;

  /** Recoveries that found an entry behind a younger one. */
  int recoveriesWithMoved;

  void add(Seen other) {
    moved += other.moved;
    crashesWhileRewriting += other.crashesWhileRewriting;
    crashesBeforeTheNewHeader += other.crashesBeforeTheNewHeader;
    crashesBeforeTheNewName += other.crashesBeforeTheNewName;
    crashesWithARecycledEnd += other.crashesWithARecycledEnd;
    recoveriesWithMoved += other.recoveriesWithMoved;
  }

  void beforeCrash(NodeStorage storage) {
    crashesWhileRewriting += storage.log().isRewriting() ? 1 : 0;
  }

  void afterCrash(MemoryDisk disk) {
    boolean recycledEnd = false;
    for (String name : disk.fileNames()) {
      byte[] contents = disk.contents(name);
      if (!name.startsWith(SegmentFiles.FOLDER) || contents.length < 32) {
        continue;
      }
      ByteBuffer bytes = ByteBuffer.wrap(contents);
      long sequence = Long.parseUnsignedLong(name.substring(4, 20), 16);
      boolean named = !name.endsWith(SmallFile.TEMPORARY);
      recycledEnd = named ? LogFormat.staleEnd(bytes) > 0 : recycledEnd;
      if (!named && bytes.getLong(8) != 0 && bytes.getLong(8) != sequence) {
        crashesBeforeTheNewHeader++;
      } else if (!named && LogFormat.staleEnd(bytes) > 0) {
        crashesBeforeTheNewName++;
      }
    }
    crashesWithARecycledEnd += recycledEnd ? 1 : 0;
  }

  void recovered(NodeStorage storage) {
    for (int group : storage.recovered().keySet()) {
      ReplicaLog replica = storage.log().replica(group);
      for (long index = replica.firstIndex(); index < replica.lastIndex(); index++) {
        if (replica.positionOf(index) > replica.positionOf(index + 1)) {
          recoveriesWithMoved++;
          return;
        }
      }
    }
  }

  @Override
  public String toString() {
    return "moved %d, crashes: rewriting %d, before new header %d, before new name %d, recycled end"
            .formatted(
                moved, crashesWhileRewriting, crashesBeforeTheNewHeader, crashesBeforeTheNewName)
        + " %d; recoveries with moved %d".formatted(crashesWithARecycledEnd, recoveriesWithMoved);
  }
}
