package io.shardwell.server;

import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.statemachine.Reply;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * One node: sockets, threads and the engine, wired. The same in a process of its own and inside
 * another program.
 *
 * <pre>{@code
 * try (Node node = Node.start(NodeConfig.builder("n1").port(0).peerPort(0).build())) {
 *   node.awaitReady(Duration.ofSeconds(10));
 *   node.execute("SET", "greeting", "hello").join();
 * }
 * }</pre>
 *
 * <p>Threads: the loop, one for the disk. All methods may be called from any thread but the loop's.
 * Programs that embed a node should run with {@code -ea:io.shardwell... -ea:io.microraft...}: the
 * assertions of both are checks of safety, cheap and meant for production.
 */
@SuppressWarnings("DoNotCallSuggester") // Until the bodies are here.
public final class Node implements AutoCloseable {

  private Node() {}

  /**
   * Binds all ports, recovers what the directory holds and starts; returns when listening.
   *
   * @throws NodeStartException if a port is busy, the directory is in use, damaged or of an unknown
   *     format; nothing is left running then
   */
  public static Node start(NodeConfig config) throws NodeStartException {
    throw new UnsupportedOperationException(config.id());
  }

  /** The RESP port really bound. */
  public int port() {
    throw new UnsupportedOperationException();
  }

  /** The plain-text port really bound, {@link NodeConfig#OFF} if there is none. */
  public int textPort() {
    throw new UnsupportedOperationException();
  }

  /** The peers' port really bound. */
  public int peerPort() {
    throw new UnsupportedOperationException();
  }

  /** The HTTP port really bound, {@link NodeConfig#OFF} if there is none. */
  public int httpPort() {
    throw new UnsupportedOperationException();
  }

  /** Waits until this node is recovered, a member, and knows a leader for each of its shards. */
  public boolean awaitReady(Duration patience) {
    throw new UnsupportedOperationException(patience.toString());
  }

  /**
   * Runs one command, as a client would, and answers what a client would get; an error of the
   * command is a {@link Reply.Failure}. The future fails with an {@link IllegalStateException} if
   * the node stops before the answer is known; callbacks on it run on the loop and must not block.
   */
  public CompletableFuture<Reply> execute(String... argv) {
    throw new UnsupportedOperationException(String.valueOf(argv.length));
  }

  /** As {@link #execute(String...)}, for binary keys and values; the arrays belong to the node. */
  public CompletableFuture<Reply> execute(byte[][] argv) {
    throw new UnsupportedOperationException(String.valueOf(argv.length));
  }

  /** What this node knows of itself and its cluster now. */
  public NodeStatus status() {
    throw new UnsupportedOperationException();
  }

  /** Completes when the node has stopped: with null after {@link #close()}, else with the fault. */
  public CompletableFuture<Void> stopped() {
    throw new UnsupportedOperationException();
  }

  /**
   * Stops gracefully: accepts no more, answers what is under way, hands leaderships over, syncs,
   * and closes; at most {@link #CLOSE_PATIENCE} in all. Does nothing the second time.
   */
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }

  /** How long a graceful stop may take before it is cut short. */
  public static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);
}
