package io.shardwell.raftgroup;

import io.microraft.RaftEndpoint;
import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.replica.DigestBook;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import io.shardwell.raftgroup.wire.PeerMessage;
import java.util.Map;

/**
 * Carries the digests of this node's shards to the other replicas, with each pulse, and theirs to
 * the {@link DigestBook} that compares them. What is lost on the way is compared a little later.
 * Loop thread only.
 */
final class DigestWatch {

  private final Map<Integer, ShardGroup> groups;
  private final Post post;

  /**
   * @param groups the shards on this node, by number; may change
   */
  DigestWatch(Map<Integer, ShardGroup> groups, Post post) {
    this.groups = groups;
    this.post = post;
  }

  /** To be called every half second or so. */
  void tell() {
    for (ShardGroup group : groups.values()) {
      Replica replica = group.replica();
      DigestBook.Digests news = replica.digests().news();
      if (news.digests().length == 0) {
        continue;
      }
      PeerMessage.Digests message =
          new PeerMessage.Digests(
              group.shard(),
              replica.self().generation(),
              replica.digestStride(),
              news.lastPosition(),
              news.digests());
      for (RaftEndpoint member : replica.members()) {
        String nodeId = ((ReplicaEndpoint) member).nodeId();
        if (!nodeId.equals(replica.self().nodeId()) && post.reaches(nodeId)) {
          post.tell(nodeId, message);
        }
      }
    }
  }

  /** A node of this incarnation tells the digests of its replica. */
  void heard(String nodeId, long incarnation, PeerMessage.Digests message) {
    ShardGroup group = groups.get(message.shard());
    if (group != null) {
      group
          .replica()
          .digests()
          .heard(
              new ReplicaEndpoint(nodeId, incarnation, message.generation()),
              message.stride(),
              new DigestBook.Digests(message.lastPosition(), message.digests()));
    }
  }
}
