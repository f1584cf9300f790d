package io.shardwell.raftgroup.replica;

import io.microraft.RaftEndpoint;

/**
 * A replica's identity: node, the node's incarnation and the replica's generation (DESIGN 10). A
 * replica that lost its files gets another identity, so it can never speak for the one that voted.
 *
 * <p>A value: MicroRaft keys hash maps by it, and equal seeds must give equal traces (MICRORAFT
 * B13).
 */
public record ReplicaEndpoint(String nodeId, long incarnation, int generation)
    implements RaftEndpoint {

  @Override
  public Object getId() {
    return nodeId;
  }

  @Override
  public String toString() {
    return nodeId + "/" + Long.toHexString(incarnation) + "/" + generation;
  }
}
