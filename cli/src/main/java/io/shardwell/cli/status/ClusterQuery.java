package io.shardwell.cli.status;

import io.shardwell.server.client.RespClient;
import io.shardwell.server.client.RespValue;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Asks nodes for their status, one after the other. */
public final class ClusterQuery {

  private final Duration timeout;

  /** With a timeout for each node. */
  public ClusterQuery(Duration timeout) {
    this.timeout = timeout;
  }

  /**
   * Asks one node, then all others it names.
   *
   * @throws IOException when the first node does not answer
   */
  public ClusterView askAll(String host, int port) throws IOException {
    NodeReport first = ask(host, port);
    Map<String, NodeReport> reports = new LinkedHashMap<>();
    Map<String, String> silent = new LinkedHashMap<>();
    for (NodeReport.Peer node : first.nodes()) {
      if (node.id().equals(first.nodeId())) {
        reports.put(node.id(), first);
      } else if (node.clientHost().isEmpty()) {
        silent.put(node.id(), "has not said yet where its clients find it");
      } else {
        try {
          reports.put(node.id(), ask(node.clientHost(), node.respPort()));
        } catch (IOException failure) {
          silent.put(node.id(), String.valueOf(failure.getMessage()));
        }
      }
    }
    return ClusterView.of(first, reports, silent);
  }

  /** Asks one node. */
  public NodeReport ask(String host, int port) throws IOException {
    try (RespClient client = RespClient.connect(host, port, timeout)) {
      RespValue reply = client.call("SHARDWELL", "STATUS");
      if (reply instanceof RespValue.Bulk json) {
        return NodeReport.parse(json.bytes());
      }
      String what = reply instanceof RespValue.Failure error ? error.text() : reply.toString();
      throw new IOException(host + ":" + port + " is not a Shardwell node: " + what);
    }
  }
}
