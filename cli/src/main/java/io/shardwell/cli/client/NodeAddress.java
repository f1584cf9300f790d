package io.shardwell.cli.client;

import io.shardwell.cli.CommandFailure;
import io.shardwell.server.client.RespClient;
import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.Option;

/** The node a command talks to, as redis-cli names it. */
public final class NodeAddress {

  /** Longer than the 1.5 s a node waits for a leader and than any bounded command takes. */
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  @Option(
      names = {"-h", "--host"},
      paramLabel = "HOST",
      defaultValue = "127.0.0.1",
      description = "The node to ask; any node will do (default: ${DEFAULT-VALUE}).")
  String host;

  @Option(
      names = {"-p", "--port"},
      paramLabel = "PORT",
      defaultValue = "6379",
      description = "Its port for clients (default: ${DEFAULT-VALUE}).")
  int port;

  /** Host and port as people write them. */
  @Override
  public String toString() {
    return host + ":" + port;
  }

  /** The host's name or address. */
  public String host() {
    return host;
  }

  /** The port for RESP clients. */
  public int port() {
    return port;
  }

  /** Connects. */
  RespClient connect() {
    try {
      return RespClient.connect(host, port, TIMEOUT);
    } catch (IOException | IllegalArgumentException failure) {
      throw unreachable(failure);
    }
  }

  /** The failure a user sees when nobody answers there. */
  public CommandFailure unreachable(Exception failure) {
    return new CommandFailure(
        "Could not connect to a node at "
            + this
            + ": "
            + failure.getMessage()
            + "\nStart a cluster with `shardwell dev`, or name a node with --host and --port.");
  }
}
