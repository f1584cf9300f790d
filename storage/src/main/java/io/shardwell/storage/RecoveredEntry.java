package io.shardwell.storage;

/** A log entry found by recovery. */
@SuppressWarnings("ArrayRecordComponent") // opaque bytes, shared and never changed
public record RecoveredEntry(long index, int term, byte[] payload) {}
