package io.shardwell.server;

import io.shardwell.server.command.ClientInfo;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP sent to a client port. Any page that a browser on this machine shows can have it POST to a
 * port of loopback, and a body of inline commands would be executed: neither binding to loopback
 * nor the browser's rules stop that. So, as in Redis, the words of which every such request has one
 * before its body are no commands but the end of the connection. Loop thread only.
 */
final class CrossProtocolScripting {

  private static final Logger LOG = LoggerFactory.getLogger(CrossProtocolScripting.class);

  /** A page can try as often as it likes; the log says so once in this time, as in Redis. */
  static final int LOG_SECONDS = 60;

  private boolean logged;
  private long loggedNanos;

  /** Whether a request with this first word is a line of HTTP. */
  static boolean begins(byte[] word) {
    return is(word, "post") || is(word, "host:");
  }

  private static boolean is(byte[] word, String lowerCase) {
    if (word.length != lowerCase.length()) {
      return false;
    }
    for (int i = 0; i < word.length; i++) {
      // Every command comes by here; a colon has that bit anyway.
      if ((word[i] | 0x20) != lowerCase.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Says so in the log, unless it has been said lately. */
  void detected(ClientInfo client, long nowNanos) {
    if (logged && nowNanos - loggedNanos <= TimeUnit.SECONDS.toNanos(LOG_SECONDS)) {
      return;
    }
    logged = true;
    loggedNanos = nowNanos;
    LOG.warn(
        "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host:"
            + " commands to this node. This is likely due to an attacker attempting to use Cross"
            + " Protocol Scripting to compromise it. Connection from {} to {} aborted.",
        client.address,
        client.localAddress);
  }
}
