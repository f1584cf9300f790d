package io.shardwell.server;

import org.jspecify.annotations.Nullable;

/**
 * Unwinds whatever a node was doing when a fault was found, so that nothing after it runs. An
 * Error, because nobody may catch it but the outermost frames of the node's own threads.
 */
final class NodeFault extends Error {

  private static final long serialVersionUID = 1L;

  NodeFault(String what, @Nullable Throwable cause) {
    super(what, cause);
  }
}
