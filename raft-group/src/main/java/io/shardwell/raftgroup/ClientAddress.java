package io.shardwell.raftgroup;

/**
 * Where clients reach a node, as advertised by its operator and never inferred (DESIGN 10). A port
 * of -1 means that this listener is off.
 */
public record ClientAddress(String host, int respPort, int textPort, int httpPort) {

  /** Of a node that has not told yet. */
  public static final ClientAddress UNKNOWN = new ClientAddress("", -1, -1, -1);
}
