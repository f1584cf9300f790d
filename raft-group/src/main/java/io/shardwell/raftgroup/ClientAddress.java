package io.shardwell.raftgroup;

/**
 * Where clients reach a node, as advertised by its operator and never inferred (DESIGN 10). A port
 * of -1 means that this listener is off.
 */
public record ClientAddress(
    String host, int respPort, int textPort, int httpPort, int clusterPort) {

  /** Of a node that has not told yet. */
  public static final ClientAddress UNKNOWN = new ClientAddress("", -1, -1, -1, -1);

  /** Whether clients that know the cluster can be sent there. */
  public boolean hasClusterPort() {
    return clusterPort > 0 && !host.isEmpty();
  }
}
