package io.shardwell.storage;

import org.jspecify.annotations.Nullable;

/**
 * One file of the log, as the loop sees it. Written by one process only: each start begins a new
 * one.
 */
final class Segment {
  private final long sequence;
  private final long salt;

  // Log position of the first byte behind the header; fixed when the segment comes into use.
  private long basePosition;
  private long firstTurn;
  // Offset behind the last batch handed to the disk. Invariant: grows only.
  private int endOffset = LogFormat.SEGMENT_HEADER_BYTES;
  // Offset up to which bytes were handed to the disk, zeros included.
  private int writtenOffset = LogFormat.SEGMENT_HEADER_BYTES;
  // Set by the disk's thread in the operation that creates the file; the loop reads it only after a
  // later operation's completion, which comes after.
  private @Nullable DiskFile file;

  Segment(long sequence, long salt) {
    this.sequence = sequence;
    this.salt = salt;
  }

  long sequence() {
    return sequence;
  }

  long salt() {
    return salt;
  }

  String name() {
    return SegmentFiles.name(sequence);
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
