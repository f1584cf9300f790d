package io.shardwell.raftgroup;

import io.shardwell.statemachine.Limits;
import java.util.function.Consumer;

/**
 * Durations in milliseconds and sizes in bytes that shape a node's behaviour, with their defaults.
 *
 * @param heartbeatTimeoutMillis silence after which a follower doubts its leader; at least three
 *     times MicroRaft's longest re-send back-off (MICRORAFT B11)
 * @param electionTimeoutMillis how long a vote round may take before the next one
 * @param electionSpreadMillis upper end of the random addition to it
 * @param commandPatienceMillis how long a command waits for a leader (DESIGN 5); below the 2000 ms
 *     at which Jedis gives up
 * @param resendMillis a batch or a read unanswered for so long is sent again; to the same leader
 *     over the same link it waits twice as long the next time
 * @param tickMillis shortest time between two ticks of a shard while deadlines fall due
 * @param maxClockSkewMillis how far a leader's first stamp may be from the median of the nodes'
 *     clocks, either way, unless its log holds a later one
 * @param snapshotLogBytes a shard takes a snapshot when all shards of a loop together have so much
 *     log behind their snapshots, or as much as their data if that is more
 * @param recentEntryBytes bytes of applied entries kept in memory for followers, over all shards
 * @param commitCountToTakeSnapshot entries after which MicroRaft takes a snapshot by itself; sizes
 *     its ring, fixed at a node's first start and never lowered (MICRORAFT B8, B10)
 * @param maxPendingEntries entries a leader may have appended but not committed
 * @param leaderBalanceMillis how often leaders look whether they should hand over to the preferred
 *     replica
 * @param minFreeBytes with less free on its disk a node stands aside; 0 is off. It must exceed what
 *     can still be written meanwhile ({@link SpaceGuard}): 64 MiB on a real disk
 * @param snapshotSliceRecords a slice of a snapshot writes at most so many keys, however little
 *     time it takes; the clock ends it earlier
 * @param snapshotChunkBytes how long a snapshot's chunks are at most, but for one large value; at
 *     least {@link #leastChunkBytes}
 * @param replacedStateBytes of state, in logical bytes, that a node's shards together keep at most
 *     while they fetch snapshots that are to replace it; a single shard may always fetch one
 * @param digestStride replicas of a shard compare their digests every so many log entries
 * @param applySliceEntries a follower applies at most so many entries at a time, however quick it
 *     is (its {@code CommitSlices})
 */
public record Tuning(
    int heartbeatTimeoutMillis,
    int electionTimeoutMillis,
    int electionSpreadMillis,
    int commandPatienceMillis,
    int resendMillis,
    int tickMillis,
    int maxClockSkewMillis,
    long snapshotLogBytes,
    long recentEntryBytes,
    int commitCountToTakeSnapshot,
    int maxPendingEntries,
    int leaderBalanceMillis,
    long minFreeBytes,
    int snapshotSliceRecords,
    int snapshotChunkBytes,
    long replacedStateBytes,
    int digestStride,
    int applySliceEntries) {

  /**
   * MicroRaft counts in whole seconds; the loop runs its clock this many times faster (MICRORAFT
   * A), so that its heartbeat of one second goes out every 100 ms.
   */
  public static final int MICRORAFT_TIME_SCALE = 10;

  /**
   * Bytes of snapshot chunks, at most, that a follower fetches while the log grows by {@link
   * #commitCountToTakeSnapshot} entries, one chunk and one entry a round trip; at least so many.
   * The next snapshot ends the download of the one before (MICRORAFT B10): a follower that needs
   * more than that under steady writes would never come to an end.
   */
  public static final int MIN_FETCHED_BYTES = 32 << 10;

  public static final Tuning DEFAULT =
      new Tuning(
          700,
          500,
          200,
          1500,
          400,
          100,
          500,
          64L << 20,
          1L << 20,
          1 << 18,
          10_000,
          1000,
          256L << 20,
          4096,
          Limits.MAX_CHUNK_BYTES,
          64L << 20,
          256,
          256);

  public Tuning {
    if (heartbeatTimeoutMillis < 3 * 2000 / MICRORAFT_TIME_SCALE) {
      throw new IllegalArgumentException("heartbeat timeout too short: " + heartbeatTimeoutMillis);
    }
    if (applySliceEntries < 1) {
      throw new IllegalArgumentException("applySliceEntries must be positive");
    }
    if (minFreeBytes < 0) {
      throw new IllegalArgumentException("minFreeBytes must not be negative: " + minFreeBytes);
    }
    if (snapshotChunkBytes < leastChunkBytes(commitCountToTakeSnapshot)) {
      throw new IllegalArgumentException(
          "with a snapshot every "
              + commitCountToTakeSnapshot
              + " entries its chunks must be allowed "
              + leastChunkBytes(commitCountToTakeSnapshot)
              + " bytes, or followers never fetch one: snapshotChunkBytes is "
              + snapshotChunkBytes);
    }
  }

  /** The least {@link #snapshotChunkBytes} with a snapshot every so many entries. */
  public static int leastChunkBytes(int commitCount) {
    return (MIN_FETCHED_BYTES + commitCount - 1) / commitCount;
  }

  /** The same but for what the caller sets. */
  public Tuning but(Consumer<Changes> setting) {
    Changes changes = new Changes(this);
    setting.accept(changes);
    return changes.made(this);
  }

  /** What differs between clusters: by the operator's wish, or for tests with little data. */
  @SuppressWarnings("PublicField")
  public static final class Changes {
    public long snapshotLogBytes;
    public long recentEntryBytes;
    public int commitCountToTakeSnapshot;
    public int maxPendingEntries;
    public long minFreeBytes;
    public int snapshotSliceRecords;
    public int snapshotChunkBytes;
    public long replacedStateBytes;
    public int digestStride;
    public int applySliceEntries;

    private Changes(Tuning of) {
      snapshotLogBytes = of.snapshotLogBytes;
      recentEntryBytes = of.recentEntryBytes;
      commitCountToTakeSnapshot = of.commitCountToTakeSnapshot;
      maxPendingEntries = of.maxPendingEntries;
      minFreeBytes = of.minFreeBytes;
      snapshotSliceRecords = of.snapshotSliceRecords;
      snapshotChunkBytes = of.snapshotChunkBytes;
      replacedStateBytes = of.replacedStateBytes;
      digestStride = of.digestStride;
      applySliceEntries = of.applySliceEntries;
    }

    private Tuning made(Tuning of) {
      return new Tuning(
          of.heartbeatTimeoutMillis,
          of.electionTimeoutMillis,
          of.electionSpreadMillis,
          of.commandPatienceMillis,
          of.resendMillis,
          of.tickMillis,
          of.maxClockSkewMillis,
          snapshotLogBytes,
          recentEntryBytes,
          commitCountToTakeSnapshot,
          maxPendingEntries,
          of.leaderBalanceMillis,
          minFreeBytes,
          snapshotSliceRecords,
          snapshotChunkBytes,
          replacedStateBytes,
          digestStride,
          applySliceEntries);
    }
  }
}
