package io.shardwell.raftgroup.replica;

import io.shardwell.raftgroup.EventLoop;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Which replicas of a node fetch a snapshot at a time. A state stays in memory until the one that
 * is to replace it is complete beside it; were all shards of a node that was away for long to do so
 * at once, it would need twice the memory of its data. So they enter as long as the states that
 * they keep are small together, and one alone however large; the others wait, and enter in the
 * order in which they have come. A replica that keeps nothing need not wait.
 *
 * <p>A download that has not asked for {@value #SILENCE_SECONDS} s is not counted any more: its
 * leader is gone or cannot be heard, and the others must not wait for that. When it goes on it
 * enters anew. Loop thread only.
 */
public final class DownloadRoom {
  /** Longer than a chunk takes on a slow link, and than any repetition of a leader's. */
  static final int SILENCE_SECONDS = 5;

  /** Who waits asks several times a second; one that does not has nothing to fetch any more. */
  static final int GIVEN_UP_SECONDS = 1;

  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(SILENCE_SECONDS);
  private static final long GIVEN_UP_NANOS = TimeUnit.SECONDS.toNanos(GIVEN_UP_SECONDS);

  private final long limitBytes;
  private final EventLoop loop;

  // By group. Invariant: the sum of the bytes is at most limitBytes, or there is but one.
  private final Map<Integer, Stay> stays = new TreeMap<>();

  // When each group last asked in vain, in the order in which they first did. Invariant: none of
  // them has a stay.
  private final Map<Integer, Long> waiting = new LinkedHashMap<>();

  private record Stay(long bytes, long lastAskedNanos) {}

  public DownloadRoom(long limitBytes, EventLoop loop) {
    this.limitBytes = limitBytes;
    this.loop = loop;
  }

  /**
   * A replica is about to ask for a chunk, the first or a later one.
   *
   * @param replacedBytes logical bytes of the state it keeps meanwhile
   * @return whether it may; otherwise it asks again later
   */
  boolean enter(int group, long replacedBytes) {
    if (replacedBytes == 0) {
      return true;
    }
    long now = loop.nanoTime();
    stays.values().removeIf(stay -> now - stay.lastAskedNanos() > SILENCE_NANOS);
    waiting.values().removeIf(asked -> now - asked > GIVEN_UP_NANOS);
    Stay earlier = stays.get(group);
    if (earlier != null) {
      stays.put(group, new Stay(earlier.bytes(), now));
      return true;
    }
    boolean isNext = waiting.isEmpty() || waiting.keySet().iterator().next() == group;
    boolean fits = stays.isEmpty() || bytes() + replacedBytes <= limitBytes;
    if (!isNext || !fits) {
      waiting.put(group, now);
      return false;
    }
    waiting.remove(group);
    stays.put(group, new Stay(replacedBytes, now));
    assert stays.size() == 1 || bytes() <= limitBytes : stays;
    return true;
  }

  /** The download is complete or given up; nothing happens if there is none. */
  void leave(int group) {
    stays.remove(group);
    waiting.remove(group);
  }

  private long bytes() {
    return stays.values().stream().mapToLong(Stay::bytes).sum();
  }
}
