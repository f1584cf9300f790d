package io.shardwell.jepsen.process;

import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisException;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * Tells what a lost connection or a time-out can cause from what only a wrong answer can. Both
 * libraries have one exception for both: Jedis calls a reply that it cannot read a connection's
 * failure, Lettuce's exceptions all descend from one.
 */
public final class LostConnection {
  /** Of Jedis, where no exception of the socket says it: the stream ended. */
  private static final Set<String> ENDS =
      Set.of(
          "Unexpected end of stream.",
          "It seems like server has closed the connection.",
          "Attempting to read from a broken connection.");

  /** Of Lettuce, for commands that found no connection or lost it. */
  private static final Set<String> CLOSED =
      Set.of("Connection closed", "Connection disconnected", "Connection is closed");

  private LostConnection() {}

  /** Whether nothing but a lost connection, a time-out or an absent server is behind it. */
  public static boolean explains(JedisConnectionException failure) {
    String text = String.valueOf(failure.getMessage());
    return failure.getCause() instanceof IOException
        || ENDS.contains(text)
        // Its reasons are beside it, not below: one for each address tried.
        || (failure.getCause() == null && text.startsWith("Failed to connect to "));
  }

  /** The same of Lettuce: of all that is below it as well. */
  public static boolean explains(RedisException failure) {
    for (@Nullable Throwable t = failure; t != null; t = t.getCause()) {
      boolean harmless =
          t instanceof IOException
              || t instanceof TimeoutException
              || t instanceof RedisCommandTimeoutException
              || t instanceof RedisConnectionException
              || (t.getClass() == RedisException.class
                  && (t.getCause() != null || CLOSED.contains(String.valueOf(t.getMessage()))));
      if (!harmless) {
        return false;
      }
    }
    return true;
  }
}
