package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What a node has written and not synced, as {@code interpose.c} noted it, and how to forget it as
 * a power cut does. After a power cut each sector of an unsynced write holds what was there before
 * or what was written, and a file that has grown may be as short as it was. Names and lengths of
 * files count as synced otherwise; the simulator takes those away too.
 */
record UndoLog(Path file) {
  static final int HEADER = 56;
  static final int MAGIC = 0x4f444e55;
  static final int WRITE = 1;
  static final int SYNC = 2;

  private static final int SECTOR = 512;

  /** A write that was not synced; {@code old} is where the log holds what it replaced. */
  private record Write(long sequence, long offset, long size, int length, int old, int oldLength) {}

  private record Place(String path, long inode) {}

  /** What became of the unsynced sectors of one file. */
  private enum Fate {
    ALL_LOST,
    FIRST_KEPT,
    ANY_KEPT
  }

  /** For a process that is dead. Forgets, empties the log and says how much that was. */
  String forget(Random random) throws IOException {
    // The process makes it as it begins, and only a power cut takes it away.
    Fault.requireEffect(Files.exists(file), "nobody keeps " + file);
    int lost = 0;
    int kept = 0;
    int files = 0;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MappedByteBuffer log = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
      log.order(ByteOrder.nativeOrder());
      for (Map.Entry<Place, List<Write>> unsynced : unsynced(log).entrySet()) {
        Place place = unsynced.getKey();
        if (!isStillThere(place)) {
          continue;
        }
        int[] counts = forget(log, Path.of(place.path()), unsynced.getValue(), random);
        lost += counts[0];
        kept += counts[1];
        files++;
      }
    }
    Files.delete(file);
    return lost + " of " + (lost + kept) + " unsynced sectors of " + files + " files lost";
  }

  private static boolean isStillThere(Place place) throws IOException {
    Path path = Path.of(place.path());
    return Files.exists(path) && (long) Files.getAttribute(path, "unix:ino") == place.inode();
  }

  private static Map<Place, List<Write>> unsynced(ByteBuffer log) {
    Map<Place, List<Write>> writes = new HashMap<>();
    Map<Long, Long> synced = new HashMap<>();
    int at = 0;
    while (at + HEADER <= log.limit()) {
      long inode = log.getLong(at + 16);
      int path = log.getInt(at + 48);
      int oldLength = log.getInt(at + 44);
      if (log.getInt(at) != MAGIC) {
        throw new IllegalStateException("no record at " + at + " of the undo log");
      }
      int end = at + HEADER + path + oldLength;
      if (end > log.limit()) {
        // The process died while it noted that; it had not written yet.
        break;
      }
      long sequence = log.getLong(at + 8);
      if (log.getInt(at + 4) == SYNC) {
        synced.merge(inode, sequence, Math::max);
      } else {
        byte[] name = new byte[path];
        log.get(at + HEADER, name);
        writes
            .computeIfAbsent(
                new Place(new String(name, StandardCharsets.UTF_8), inode), p -> new ArrayList<>())
            .add(
                new Write(
                    sequence,
                    log.getLong(at + 24),
                    log.getLong(at + 32),
                    log.getInt(at + 40),
                    at + HEADER + path,
                    oldLength));
      }
      at = end;
    }
    writes.forEach(
        (place, all) -> all.removeIf(w -> w.sequence() <= synced.getOrDefault(place.inode(), -1L)));
    writes.values().removeIf(List::isEmpty);
    return writes;
  }

  /** Returns how many sectors were lost and kept. */
  private static int[] forget(ByteBuffer log, Path path, List<Write> writes, Random random)
      throws IOException {
    Fate fate = Fate.values()[random.nextInt(Fate.values().length)];
    int keepWrites = fate == Fate.FIRST_KEPT ? random.nextInt(writes.size() + 1) : 0;
    // A sector is written as a whole or not at all.
    Map<Long, Boolean> sectors = new HashMap<>();
    int lost = 0;
    int kept = 0;
    long durableSize = writes.get(0).size();
    try (FileChannel data = FileChannel.open(path, StandardOpenOption.WRITE)) {
      // From the last to the first: what remains is what was there before all of them.
      for (int i = writes.size() - 1; i >= 0; i--) {
        Write write = writes.get(i);
        for (int done = 0; done < write.length(); ) {
          long position = write.offset() + done;
          int piece = (int) Math.min(SECTOR - position % SECTOR, write.length() - done);
          boolean keep =
              fate == Fate.ANY_KEPT
                  ? sectors.computeIfAbsent(position / SECTOR, s -> random.nextBoolean())
                  : i < keepWrites;
          if (keep) {
            kept++;
          } else {
            lost++;
            restore(data, log, write, done, piece);
          }
          done += piece;
        }
      }
      if (kept == 0 && data.size() > durableSize && random.nextBoolean()) {
        data.truncate(durableSize);
      }
    }
    return new int[] {lost, kept};
  }

  /** Old bytes where there were any, zeros where the file has grown. */
  private static void restore(FileChannel data, ByteBuffer log, Write write, int done, int piece)
      throws IOException {
    ByteBuffer old = ByteBuffer.allocate(piece);
    int held = Math.max(0, Math.min(piece, write.oldLength() - done));
    old.put(log.slice(write.old() + Math.min(done, write.oldLength()), held));
    old.position(0);
    long position = write.offset() + done;
    int inFile = (int) Math.max(0, Math.min(piece, data.size() - position));
    old.limit(inFile);
    while (old.hasRemaining()) {
      data.write(old, position + old.position());
    }
  }
}
