package io.shardwell.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Appends the live entries of the oldest segment once more, behind younger ones, so that the
 * segment can go although a slow or idle group still holds entries in it.
 *
 * <p>In slices: places are collected on the loop, read off the loop, appended on the loop as
 * records of the turn that gathers them. One slice at a time until its turn is durable, so no turn
 * carries more than one and no group waits long behind one.
 *
 * <p><i>Durable stays durable.</i> Only entries in a segment that is durable as a whole are moved,
 * and an entry's place changes only once the turn with its second record is durable. So {@link
 * ReplicaLog#positionOf} of a moved entry goes from one durable position to another: messages and
 * acknowledgements that passed because the entry was durable are never asked about it again with
 * another answer.
 *
 * <p><i>What happens in between.</i> Until the place changes the entry is in its old segment, which
 * counts it as live and stays. If it is dropped meanwhile, and perhaps another one appended at its
 * index, its position is another one or none: then the second record is garbage, and in the log it
 * is in front of the record that dropped the entry, so replay drops it too. If an install begins
 * meanwhile that may have to be taken back, its pin keeps the old segment, and whoever takes it
 * back finds the entry in its old place.
 *
 * <p>Loop thread only.
 */
final class Rewriting {
  // Entries looked at for one slice, so that it never takes the loop long to find few among many.
  private static final int EXAMINED_ENTRIES = 64 << 10;

  /** An entry in the oldest segment, and where its record begins. */
  private record Source(ReplicaLog replica, long index, int term, long position, int length) {
    int recordBytes() {
      return LogFormat.RECORD_HEADER_BYTES + length;
    }
  }

  /** A second record that is not durable yet. */
  private record Copy(Source source, long position) {}

  private final SharedLog log;
  private final DiskWork work;
  private final int sliceBytes;

  // Of the segment being rewritten: what is before (group, index) was looked at. Nothing new can
  // come there, because an entry's place is in the segment it was appended to or a younger one.
  private @Nullable Segment segment;
  private int group;
  private long index;

  private boolean busy;

  Rewriting(SharedLog log, DiskWork work, int sliceBytes) {
    this.log = log;
    this.work = work;
    this.sliceBytes = sliceBytes;
  }

  boolean isBusy() {
    return busy;
  }

  /** Goes on if the log wants it and no slice is under way. */
  void proceed() {
    Segment oldest = busy ? null : log.segmentToRewrite();
    if (oldest == null) {
      return;
    }
    if (oldest != segment) {
      segment = oldest;
      group = 0;
      index = 0;
    }
    busy = true;
    List<Source> slice = collect(oldest);
    ByteBuffer bytes = ByteBuffer.allocate(slice.stream().mapToInt(Source::recordBytes).sum());
    work.submit(
        "read " + oldest.name(),
        () -> read(oldest, slice, bytes),
        () -> append(oldest, slice, bytes));
  }

  /** The next entries with a place in the segment, at least one if there is any in reach. */
  private List<Source> collect(Segment oldest) {
    List<Source> slice = new ArrayList<>();
    int bytes = 0;
    int examined = 0;
    for (ReplicaLog replica : log.replicasFrom(group)) {
      EntryIndex entries = replica.state().entries();
      if (replica.state().group() != group) {
        group = replica.state().group();
        index = 0;
      }
      for (index = Math.max(index, entries.first()); index <= entries.last(); index++) {
        long position = entries.position(index);
        if (examined++ == EXAMINED_ENTRIES) {
          return slice;
        }
        if (oldest.holds(position)) {
          Source source =
              new Source(replica, index, entries.term(index), position, entries.length(index));
          if (!slice.isEmpty() && bytes + source.recordBytes() > sliceBytes) {
            return slice;
          }
          slice.add(source);
          bytes += source.recordBytes();
        }
      }
    }
    // All was looked at: what is left in the segment is in this slice.
    assert slice.stream().mapToLong(Source::recordBytes).sum() == oldest.liveBytes();
    return slice;
  }

  /** Reads the records one behind the other; those that are neighbours in the file at once. */
  private static void read(Segment from, List<Source> slice, ByteBuffer into) throws IOException {
    int first = 0;
    while (first < slice.size()) {
      long start = slice.get(first).position();
      long end = start;
      int next = first;
      while (next < slice.size() && slice.get(next).position() == end) {
        end += slice.get(next).recordBytes();
        next++;
      }
      int limit = into.position() + (int) (end - start);
      // A file that is too short leaves zeros, which are no record.
      int read = from.file().read(from.offsetOf(start), into.limit(limit));
      assert read <= end - start;
      into.position(limit);
      first = next;
    }
  }

  private void append(Segment from, List<Source> slice, ByteBuffer bytes) {
    List<Copy> copies = new ArrayList<>();
    int offset = 0;
    for (Source source : slice) {
      int record = offset;
      offset += source.recordBytes();
      if (source.replica().isAt(source.index(), source.position())) {
        if (!isSound(from, source, bytes, record)) {
          return;
        }
        int body = record + LogFormat.RECORD_HEADER_BYTES;
        int ofGroup = source.replica().state().group();
        copies.add(
            new Copy(
                source,
                log.appendMoved(
                    ofGroup, source.term(), source.index(), bytes, body, source.length())));
      }
    }
    if (copies.isEmpty()) {
      busy = false;
      log.reclaim();
    } else {
      log.whenSynced(log.appendedPosition(), () -> changePlaces(copies));
    }
  }

  private boolean isSound(Segment from, Source source, ByteBuffer bytes, int record) {
    int limit = record + source.recordBytes();
    LogFormat.LogRecord found = LogFormat.recordAt(bytes, record, limit, from.salt());
    int ofGroup = source.replica().state().group();
    if (found != null && found.isEntry(ofGroup, source.index(), source.term(), source.length())) {
      return true;
    }
    DamagedStorageException damage =
        new DamagedStorageException(
            from.name(),
            from.offsetOf(source.position()),
            ofGroup,
            "entry " + source.index() + " does not match its checksum");
    work.fail(String.valueOf(damage.getMessage()), damage);
    return false;
  }

  private void changePlaces(List<Copy> copies) {
    for (Copy copy : copies) {
      Source source = copy.source();
      // Positions are never used twice: at that one, it is that very record.
      if (source.replica().isAt(source.index(), source.position())) {
        source.replica().moved(source.index(), source.position(), copy.position());
      }
    }
    // The log comes back to proceed() behind this turn.
    busy = false;
  }
}
