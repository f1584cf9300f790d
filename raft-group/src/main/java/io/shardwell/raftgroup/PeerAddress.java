package io.shardwell.raftgroup;

/** Where a node listens for its peers. */
public record PeerAddress(String host, int port) {

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
