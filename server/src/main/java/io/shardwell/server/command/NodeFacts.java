package io.shardwell.server.command;

import org.jspecify.annotations.Nullable;

/**
 * What does not change while a node runs.
 *
 * @param runId 40 hex digits, new with each start
 * @param dir the data directory, null for memory only
 * @param ioName "epoll" or "nio"
 */
public record NodeFacts(
    String nodeId,
    String runId,
    String bind,
    int port,
    int textPort,
    int peerPort,
    int httpPort,
    int clusterPort,
    @Nullable String dir,
    int maxClients,
    int ioThreads,
    boolean insecure,
    String ioName,
    long startedNanos) {

  /** The Redis whose commands and errors these are. */
  public static final String REDIS_VERSION = "7.2.0";

  /** This product's version. */
  public static final String VERSION = "0.1.0";
}
