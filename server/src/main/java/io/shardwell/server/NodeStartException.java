package io.shardwell.server;

import org.jspecify.annotations.Nullable;

/** A node could not start; the message says why in words for its operator. */
public final class NodeStartException extends Exception {

  private static final long serialVersionUID = 1L;

  NodeStartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
