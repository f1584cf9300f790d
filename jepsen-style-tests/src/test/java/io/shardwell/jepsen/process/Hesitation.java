package io.shardwell.jepsen.process;

import java.util.Queue;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * The answers of a node that has found no leader in time. Leader changes are invisible while one is
 * found within 1500 ms; how long it takes depends on the machine, but nobody may be refused who has
 * not been kept waiting for as long, on any machine.
 */
final class Hesitation {
  /** A little less than promised: the client's clock and the node's are read at different ends. */
  private static final long LEAST_NANOS = TimeUnit.MILLISECONDS.toNanos(1_400);

  private Hesitation() {}

  static boolean isOne(JedisDataException error) {
    return isCertain(error) || text(error).startsWith("INDETERMINATE");
  }

  /** Whether the command certainly has no effect. */
  static boolean isCertain(JedisDataException error) {
    return text(error).startsWith("CLUSTERDOWN");
  }

  /** Reports a refusal that came too early; {@code nanos} were spent on whatever contained it. */
  static void check(JedisDataException error, long nanos, String who, Queue<String> problems) {
    if (isCertain(error) && nanos < LEAST_NANOS) {
      problems.add("%s after %d ms: %s".formatted(who, nanos / 1_000_000, error.getMessage()));
    }
  }

  private static String text(JedisDataException error) {
    return String.valueOf(error.getMessage());
  }
}
