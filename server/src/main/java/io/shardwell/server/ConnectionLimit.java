package io.shardwell.server;

import io.netty.channel.Channel;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many connections of one kind may be open. Each takes a file descriptor, and a node that has
 * none left for its next log file halts. Loop thread only.
 */
final class ConnectionLimit {

  private static final Logger LOG = LoggerFactory.getLogger(ConnectionLimit.class);

  /** What is refused is told of no more often. */
  private static final long LOG_NANOS = 60_000_000_000L;

  private final String what;
  private final int most;
  private final LongSupplier nanoTime;

  // Invariant: those admitted and not closed yet.
  private int open;

  private long refused;
  private long toldNanos;

  /**
   * @param what for the log
   */
  ConnectionLimit(String what, int most, LongSupplier nanoTime) {
    this.what = what;
    this.most = most;
    this.nanoTime = nanoTime;
  }

  /** Counts a connection just accepted, until it closes; or closes it, if it is one too many. */
  boolean admits(Channel channel) {
    if (open >= most) {
      refuse(channel);
      return false;
    }
    open++;
    Quietly.listen(channel.closeFuture(), closed -> open--);
    return true;
  }

  private void refuse(Channel channel) {
    refused++;
    if (refused == 1 || nanoTime.getAsLong() - toldNanos >= LOG_NANOS) {
      toldNanos = nanoTime.getAsLong();
      LOG.warn(
          "Closed a connection from {}: {} are open to {}, as many as may; {} were closed so far",
          channel.remoteAddress(),
          most,
          what,
          refused);
    }
    Quietly.close(channel);
  }
}
