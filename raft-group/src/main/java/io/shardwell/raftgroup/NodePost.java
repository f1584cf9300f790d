package io.shardwell.raftgroup;

import io.shardwell.raftgroup.wire.PeerMessage;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * The post of this node: to the others over their links, to itself by way of a queue that the turn
 * empties. Loop thread only.
 */
final class NodePost implements Post {

  private final String nodeId;
  private final PeerLinks links;
  private final LocalReplicas replicas;
  private final ArrayDeque<PeerMessage> toSelf = new ArrayDeque<>();

  NodePost(String nodeId, PeerLinks links, LocalReplicas replicas) {
    this.nodeId = nodeId;
    this.links = links;
    this.replicas = replicas;
  }

  @Override
  public void tell(String receiver, PeerMessage message) {
    if (receiver.equals(nodeId)) {
      toSelf.add(message);
    } else {
      Objects.requireNonNull(links.outboxes().get(receiver)).add(message);
    }
  }

  @Override
  public boolean reaches(String receiver) {
    return replicas.isOpen() && (receiver.equals(nodeId) || links.reaches(receiver));
  }

  /** Delivers what this node has told itself until now; whether that was anything. */
  boolean deliverToSelf(Consumer<PeerMessage> receive) {
    boolean any = false;
    for (int i = toSelf.size(); i > 0; i--) {
      receive.accept(toSelf.remove());
      any = true;
    }
    return any;
  }
}
