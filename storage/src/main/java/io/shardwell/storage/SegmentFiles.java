package io.shardwell.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** The folder of the segments: {@code log/} and a sequence number in 16 hexadecimal digits. */
final class SegmentFiles {
  static final String FOLDER = "log";
  private static final String SUFFIX = ".segment";

  private static final Pattern NAME = Pattern.compile("[0-9a-f]{16}\\.segment");

  private SegmentFiles() {}

  static String name(long sequence) {
    return String.format(Locale.ROOT, "%s/%016x%s", FOLDER, sequence, SUFFIX);
  }

  /** Sequence numbers of the segments there, ascending. */
  static List<Long> list(Disk disk) throws IOException {
    List<Long> sequences = new ArrayList<>();
    for (String name : disk.list(FOLDER)) {
      if (NAME.matcher(name).matches()) {
        sequences.add(Long.parseUnsignedLong(name.substring(0, 16), 16));
      } else if (!name.endsWith(SmallFile.TEMPORARY)) {
        throw UnknownFormatException.unexpectedFile(FOLDER + "/" + name);
      }
    }
    return sequences;
  }

  /** Removes left-overs of creations. */
  static void removeTemporary(Disk disk) throws IOException {
    boolean removed = false;
    for (String name : disk.list(FOLDER)) {
      if (name.endsWith(SmallFile.TEMPORARY)) {
        disk.delete(FOLDER + "/" + name);
        removed = true;
      }
    }
    if (removed) {
      disk.syncFolder(FOLDER);
    }
  }

  /**
   * Creates the segment with a header and {@code first} behind it, durable with its name: a segment
   * that has its name has these bytes. Blocks.
   */
  static void create(Disk disk, Segment segment, ByteBuffer first) throws IOException {
    String temporary = segment.name() + SmallFile.TEMPORARY;
    assert segment.staleEnd() == 0;
    DiskFile file = disk.open(temporary);
    ByteBuffer header = LogFormat.segmentHeader(segment.sequence(), segment.salt(), 0);
    file.write(0, header);
    file.write(LogFormat.SEGMENT_HEADER_BYTES, first);
    file.sync();
    disk.rename(temporary, segment.name());
    disk.syncFolder(FOLDER);
    segment.setFile(file);
  }

  /**
   * Makes an obsolete segment's file the next segment: its blocks are on the disk already, so a
   * turn there need not wait for the file system's metadata. First the file leaves the log,
   * durably, as a deletion would take it: under its old name a changed header would be damage. Then
   * its header says what it is now, durably; only then does it get the new name. Blocks.
   */
  static void recycle(Disk disk, Segment obsolete, Segment next) throws IOException {
    String temporary = next.name() + SmallFile.TEMPORARY;
    disk.rename(obsolete.name(), temporary);
    disk.syncFolder(FOLDER);
    DiskFile file = obsolete.file();
    file.write(0, LogFormat.segmentHeader(next.sequence(), next.salt(), next.staleEnd()));
    file.sync();
    disk.rename(temporary, next.name());
    disk.syncFolder(FOLDER);
    next.setFile(file);
  }

  /** Deletes a segment, durably: its successor must never be gone while it is there. Blocks. */
  static void delete(Disk disk, Segment segment) throws IOException {
    if (segment.hasFile()) {
      segment.file().close();
    }
    disk.delete(segment.name());
    disk.syncFolder(FOLDER);
  }
}
