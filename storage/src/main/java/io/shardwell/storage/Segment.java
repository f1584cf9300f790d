package io.shardwell.storage;

import org.jspecify.annotations.Nullable;

/**
 * One file of the log, as the loop sees it. Written by one process only: each start begins a new
 * one.
 */
final class Segment {
  private final long sequence;
  private final long salt;
  private final String name;
  // Up to this offset the file may hold what an earlier use of it left; 0 if it was made new.
  private final int staleEnd;

  // Log position of the first byte behind the header; fixed when the segment comes into use.
  private long basePosition;
  private long firstTurn;
  // Offset behind the last batch handed to the disk. Invariant: grows only.
  private int endOffset = LogFormat.SEGMENT_HEADER_BYTES;
  // Offset up to which the file has bytes or was handed some, zeros and stale ones included.
  // Invariant: writtenOffset >= endOffset, writtenOffset >= staleEnd.
  private int writtenOffset;
  // Offset behind the checkpoint in the first batch.
  private int checkpointEnd = LogFormat.SEGMENT_HEADER_BYTES;
  // Bytes of the records here that are now the place of an entry some group holds.
  // Invariant: 0 <= liveBytes <= endOffset, but for records of a turn not handed over yet.
  private long liveBytes;
  // Set by the disk's thread in the operation that creates the file; the loop reads it only after a
  // later operation's completion, which comes after.
  private @Nullable DiskFile file;

  /** One whose file is made new. */
  Segment(long sequence, long salt) {
    this(sequence, salt, 0);
  }

  Segment(long sequence, long salt, int staleEnd) {
    this.sequence = sequence;
    this.salt = salt;
    this.name = SegmentFiles.name(sequence);
    this.staleEnd = staleEnd;
    this.writtenOffset = Math.max(LogFormat.SEGMENT_HEADER_BYTES, staleEnd);
  }

  long sequence() {
    return sequence;
  }

  long salt() {
    return salt;
  }

  String name() {
    return name;
  }

  int staleEnd() {
    return staleEnd;
  }

  void begin(long position, long turn) {
    basePosition = position;
    firstTurn = turn;
  }

  long firstTurn() {
    return firstTurn;
  }

  int endOffset() {
    return endOffset;
  }

  long endPosition() {
    return basePosition + endOffset - LogFormat.SEGMENT_HEADER_BYTES;
  }

  long basePosition() {
    return basePosition;
  }

  /** Whether the position is that of a byte of a batch handed to the disk. */
  boolean holds(long position) {
    return basePosition <= position && position < endPosition();
  }

  int offsetOf(long position) {
    assert position >= basePosition : position + " " + basePosition;
    return Math.toIntExact(position - basePosition + LogFormat.SEGMENT_HEADER_BYTES);
  }

  void extendTo(int offset) {
    assert offset >= endOffset;
    endOffset = offset;
    writtenOffset = Math.max(writtenOffset, offset);
  }

  int writtenOffset() {
    return writtenOffset;
  }

  void prewrittenTo(int offset) {
    assert offset > writtenOffset;
    writtenOffset = offset;
  }

  /** Found so by recovery. */
  void fileIsLong(int bytes) {
    writtenOffset = Math.max(writtenOffset, bytes);
  }

  int checkpointEnd() {
    return checkpointEnd;
  }

  void checkpointEndsAt(int offset) {
    assert offset > LogFormat.SEGMENT_HEADER_BYTES;
    checkpointEnd = offset;
  }

  long liveBytes() {
    return liveBytes;
  }

  void addLive(long bytes) {
    liveBytes += bytes;
    assert liveBytes >= 0 : name + " " + liveBytes;
  }

  DiskFile file() {
    if (file == null) {
      throw new IllegalStateException(name() + " is not there yet");
    }
    return file;
  }

  void setFile(DiskFile newFile) {
    file = newFile;
  }

  boolean hasFile() {
    return file != null;
  }
}
