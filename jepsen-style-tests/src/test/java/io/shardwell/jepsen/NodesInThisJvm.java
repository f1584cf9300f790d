package io.shardwell.jepsen;

import io.shardwell.server.Node;
import io.shardwell.server.NodeConfig;
import io.shardwell.server.client.LocalPorts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A cluster in memory, in this process, on loopback. */
public final class NodesInThisJvm implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);

  private final List<Node> nodes = new ArrayList<>();

  /** Starts the nodes and waits until all are ready. */
  public NodesInThisJvm(int count, int shards) throws Exception {
    List<Integer> peerPorts = LocalPorts.reserve(count);
    for (int i = 0; i < count; i++) {
      NodeConfig.Builder config =
          NodeConfig.builder("n" + (i + 1)).port(0).peerPort(peerPorts.get(i)).shards(shards);
      for (int peer = 0; count > 1 && peer < count; peer++) {
        config.node("n" + (peer + 1), "127.0.0.1", peerPorts.get(peer));
      }
      nodes.add(Node.start(config.build()));
    }
    for (Node node : nodes) {
      if (!node.awaitReady(START)) {
        throw new IllegalStateException("the cluster does not start");
      }
    }
  }

  /** Where a node takes clients, counted from 0, in turns. */
  public int port(int i) {
    return nodes.get(i % nodes.size()).port();
  }

  @Override
  public void close() {
    nodes.forEach(Node::close);
  }
}
