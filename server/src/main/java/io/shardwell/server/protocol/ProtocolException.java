package io.shardwell.server.protocol;

/**
 * A client broke its protocol: it is told so in Redis's words, and its connection is closed,
 * because nobody knows where its next request begins.
 */
public final class ProtocolException extends Exception {

  private static final long serialVersionUID = 1L;

  ProtocolException(String what) {
    super("ERR Protocol error: " + what, null, false, false);
  }

  /** The error to answer, code included. */
  public String answer() {
    return String.valueOf(getMessage());
  }
}
