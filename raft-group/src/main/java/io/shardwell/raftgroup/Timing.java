package io.shardwell.raftgroup;

/**
 * Durations in milliseconds and sizes in bytes that shape a node's behaviour, with their defaults.
 *
 * @param heartbeatTimeoutMillis silence after which a follower doubts its leader; at least three
 *     times MicroRaft's longest re-send back-off (MICRORAFT B11)
 * @param electionTimeoutMillis how long a vote round may take before the next one
 * @param electionSpreadMillis upper end of the random addition to it
 * @param commandPatienceMillis how long a command waits for a leader (DESIGN 5); below the 2000 ms
 *     at which Jedis gives up
 * @param resendMillis a batch or a read unanswered for so long is sent again
 * @param tickMillis shortest time between two ticks of a shard while deadlines fall due
 * @param maxClockSkewMillis how far a stamp may be ahead of the median of the nodes' clocks
 * @param snapshotLogBytes a shard takes a snapshot after so much log, or after its snapshot's size
 *     if that is more
 * @param recentEntryBytes bytes of applied entries kept in memory for followers, over all shards
 * @param leaderBalanceMillis how often leaders look whether they should hand over to the preferred
 *     replica
 */
public record Timing(
    int heartbeatTimeoutMillis,
    int electionTimeoutMillis,
    int electionSpreadMillis,
    int commandPatienceMillis,
    int resendMillis,
    int tickMillis,
    int maxClockSkewMillis,
    long snapshotLogBytes,
    long recentEntryBytes,
    int leaderBalanceMillis) {

  /**
   * MicroRaft counts in whole seconds; the loop runs its clock this many times faster (MICRORAFT
   * A), so that its heartbeat of one second goes out every 100 ms.
   */
  public static final int MICRORAFT_TIME_SCALE = 10;

  public static final Timing DEFAULT =
      new Timing(700, 500, 200, 1500, 400, 100, 500, 64L << 20, 8L << 20, 1000);

  public Timing {
    if (heartbeatTimeoutMillis < 3 * 2000 / MICRORAFT_TIME_SCALE) {
      throw new IllegalArgumentException("heartbeat timeout too short: " + heartbeatTimeoutMillis);
    }
  }

  /** The same with another snapshot trigger and in-memory tail, for tests with tiny limits. */
  public Timing withSizes(long newSnapshotLogBytes, long newRecentEntryBytes) {
    return new Timing(
        heartbeatTimeoutMillis,
        electionTimeoutMillis,
        electionSpreadMillis,
        commandPatienceMillis,
        resendMillis,
        tickMillis,
        maxClockSkewMillis,
        newSnapshotLogBytes,
        newRecentEntryBytes,
        leaderBalanceMillis);
  }
}
