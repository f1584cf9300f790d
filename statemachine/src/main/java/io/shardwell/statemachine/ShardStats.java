package io.shardwell.statemachine;

/**
 * Figures of one shard, by log time; equal on all replicas at equal log positions.
 *
 * @param keys keys that exist
 * @param volatileKeys of those, the ones that have a deadline
 * @param logicalBytes key, value and a constant per key, of the keys that exist
 * @param expiredKeys keys that reached their deadline since the shard began
 * @param evictedKeys keys dropped to make room since the shard began
 * @param uncollectedKeys keys past their deadline whose memory is not freed yet
 * @param sessions live sessions
 * @param retiredSessions tombstones of sessions
 * @param poisonedCommands commands that failed with "ERR internal" since the shard began
 */
public record ShardStats(
    long keys,
    long volatileKeys,
    long logicalBytes,
    long expiredKeys,
    long evictedKeys,
    long uncollectedKeys,
    int sessions,
    int retiredSessions,
    long poisonedCommands) {}
