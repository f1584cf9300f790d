package io.shardwell.raftgroup;

import io.shardwell.raftgroup.wire.PeerMessage;

/**
 * Says something to a node, this one included: the same path for both, so that a leader's own
 * commands and forwarded ones meet the same code. What is said to another node leaves with the
 * turn's frame, what is said to this one is handled within the turn.
 */
public interface Post {

  void tell(String nodeId, PeerMessage message);

  /** Whether what is told to the node has a chance to arrive. */
  boolean reaches(String nodeId);
}
