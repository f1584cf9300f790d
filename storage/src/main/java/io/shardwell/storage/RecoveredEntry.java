package io.shardwell.storage;

/**
 * A log entry found by recovery. Its payload was checked and is left in the log, for {@link
 * ReplicaLog#readEntry}: the payloads of a log may be as large as all the data.
 *
 * @param length of the payload, in bytes
 */
public record RecoveredEntry(long index, int term, int length) {}
