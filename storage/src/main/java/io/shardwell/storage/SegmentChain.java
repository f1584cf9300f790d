package io.shardwell.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The segments of a running log: those in use, the next one before it is needed, zeros ahead of the
 * log's end, how much of each segment is needed still, and what becomes of one that is not.
 *
 * <p>An obsolete segment becomes the next one if none is ready: to overwrite blocks that are there
 * costs half of what it costs to make a file grow. So beside the segments in use there is at most
 * one file.
 *
 * <p>Loop thread only; file work is submitted.
 */
final class SegmentChain {
  private final DiskWork work;
  private final Disk disk;
  private final StorageLimits limits;

  // Oldest first; the last one takes the next batch. Never empty.
  private final ArrayDeque<Segment> segments = new ArrayDeque<>();
  // Made ahead of need; its creation was handed to the disk.
  private @Nullable Segment spare;
  private long nextSequence;
  private boolean removing;
  private boolean prewriting;
  // Where a position was found last: neighbours are asked for in a row.
  private Segment lastFound;

  /** In use, oldest first; the last one is that which this process began. */
  SegmentChain(DiskWork work, StorageLimits limits, List<Segment> recovered) {
    this.work = work;
    this.disk = work.disk();
    this.limits = limits;
    segments.addAll(recovered);
    lastFound = segments.getLast();
    nextSequence = lastFound.sequence() + 1;
  }

  Segment last() {
    return segments.getLast();
  }

  Segment oldest() {
    return segments.getFirst();
  }

  /** The one behind the oldest. */
  Segment second() {
    Iterator<Segment> all = segments.iterator();
    all.next();
    return all.next();
  }

  int size() {
    return segments.size();
  }

  Iterable<Segment> all() {
    return segments;
  }

  /** Bytes used in the segments. */
  long bytes() {
    long bytes = 0;
    for (Segment segment : segments) {
      bytes += segment.endOffset();
    }
    return bytes;
  }

  /** Bytes of the records that are the place of an entry some group holds. */
  long liveBytes() {
    long bytes = 0;
    for (Segment segment : segments) {
      bytes += segment.liveBytes();
    }
    return bytes;
  }

  /** Bytes used in all segments but the last one, without what they need to be segments. */
  long closedBytes() {
    Segment last = segments.getLast();
    long bytes = 0;
    for (Segment segment : segments) {
      bytes += segment == last ? 0 : segment.endOffset() - segment.checkpointEnd();
    }
    return bytes;
  }

  /** The segment that holds, or will hold, the record at that position. */
  Segment at(long position) {
    Segment last = segments.getLast();
    if (position >= last.basePosition()) {
      return last;
    }
    if (!lastFound.holds(position)) {
      lastFound = search(position);
    }
    return lastFound;
  }

  private Segment search(long position) {
    for (Segment segment : segments) {
      if (segment.holds(position)) {
        return segment;
      }
    }
    throw new AssertionError("position " + position + " is in no segment");
  }

  /** The records of entries from..to are their places now. */
  void retain(EntryIndex entries, long from, long to) {
    count(entries, from, to, 1);
  }

  /** The records of entries from..to are no entry's place any more. */
  void release(EntryIndex entries, long from, long to) {
    count(entries, from, to, -1);
  }

  /**
   * A snapshot releases up to a million at once: neighbours are added up before they are counted.
   */
  private void count(EntryIndex entries, long from, long to, int sign) {
    long index = from;
    while (index <= to) {
      Segment segment = at(entries.position(index));
      long bytes = 0;
      do {
        bytes += LogFormat.RECORD_HEADER_BYTES + entries.length(index);
        index++;
      } while (index <= to && segment.holds(entries.position(index)));
      segment.addLive(sign * bytes);
    }
  }

  /** The log goes on in the next segment, whose first batch is that turn at that position. */
  void roll(long position, long turn) {
    Segment next = spare;
    if (next == null) {
      next = createSpare();
    }
    spare = null;
    next.begin(position, turn);
    segments.add(next);
  }

  private Segment createSpare() {
    Segment next = new Segment(nextSequence++, disk.nextSalt());
    int zeros = Math.min(limits.prewriteSliceBytes(), limits.prewriteBytes());
    work.submit(
        "create " + next.name(),
        () -> SegmentFiles.create(disk, next, ByteBuffer.allocate(zeros)),
        () -> {});
    if (zeros > 0) {
      next.prewrittenTo(LogFormat.SEGMENT_HEADER_BYTES + zeros);
    }
    return next;
  }

  /**
   * Whether the oldest segment is being removed: one at a time, so that none outlives a younger.
   */
  boolean isRemoving() {
    return removing;
  }

  /** Takes the oldest segment out of the log; {@code onDone} runs when that is durable. */
  void removeOldest(Runnable onDone) {
    assert !removing && segments.size() > 1;
    Segment obsolete = segments.removeFirst();
    assert obsolete.liveBytes() == 0 : obsolete.name() + " " + obsolete.liveBytes();
    removing = true;
    Runnable removed =
        () -> {
          removing = false;
          onDone.run();
        };
    if (spare == null && obsolete.writtenOffset() <= limits.recycledBytes()) {
      Segment next = new Segment(nextSequence++, disk.nextSalt(), obsolete.writtenOffset());
      spare = next;
      work.submit(
          "recycle " + obsolete.name() + " as " + next.name(),
          () -> SegmentFiles.recycle(disk, obsolete, next),
          removed);
    } else {
      work.submit("delete " + obsolete.name(), () -> SegmentFiles.delete(disk, obsolete), removed);
    }
  }

  /** Keeps zeros ahead of the log's end, and the next segment ready. */
  void prewrite() {
    Segment current = segments.getLast();
    if (spare == null && current.endOffset() > limits.rollBytes() - limits.segmentBytes() / 4) {
      spare = createSpare();
    }
    int from = current.writtenOffset();
    int to = Math.min(from + limits.prewriteSliceBytes(), limits.segmentBytes());
    if (prewriting || to <= from || from - current.endOffset() >= limits.prewriteBytes()) {
      return;
    }
    // The range is behind everything handed to the disk so far, and operations run in order: a
    // batch that reaches into it is written after these zeros.
    assert from >= current.endOffset();
    prewriting = true;
    current.prewrittenTo(to);
    work.submit(
        "write zeros to " + current.name() + " at offset " + from,
        () -> {
          current.file().write(from, ByteBuffer.allocate(to - from));
          current.file().sync();
        },
        () -> {
          prewriting = false;
          prewrite();
        });
  }

  /** At a clean stop. Blocks. */
  void close() throws IOException {
    for (Segment each : segments) {
      if (each.hasFile()) {
        each.file().close();
      }
    }
    if (spare != null && spare.hasFile()) {
      spare.file().close();
    }
  }
}
