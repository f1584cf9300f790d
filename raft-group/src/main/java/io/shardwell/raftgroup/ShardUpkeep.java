package io.shardwell.raftgroup;

import io.shardwell.raftgroup.cluster.ClusterMap;
import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.replica.ProposalListener;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.statemachine.MemoryLimit;
import io.shardwell.statemachine.Proposal;
import io.shardwell.statemachine.ShardState;
import java.util.Collection;

/**
 * What a shard's leader proposes of its own accord, outside of all sessions: the memory limit when
 * the cluster's setting has changed, the keys that reads have used, and ticks while deadlines fall
 * due or a lowered limit is not reached. An idle shard proposes nothing. Loop thread only.
 */
final class ShardUpkeep {

  /** To be called every {@link Tuning#tickMillis}. */
  void run(Collection<ShardGroup> groups, ClusterMap map) {
    for (ShardGroup group : groups) {
      if (group.replica().isEstablishedLeader()) {
        lead(group, map.limitOf(group.shard()));
        retireSessions(group, map);
      } else {
        group.state().forgetUses();
      }
    }
  }

  private static void lead(ShardGroup group, MemoryLimit wanted) {
    Replica replica = group.replica();
    ShardState shard = group.state().shard();
    long stamp = group.state().stampMillis();
    if (wanted.revision() > shard.memoryLimit().revision()) {
      replica.propose(Proposal.memoryLimit(stamp, wanted), ProposalListener.INDIFFERENT);
    }
    if (group.state().hasUses()) {
      replica.propose(group.state().takeUses(), ProposalListener.INDIFFERENT);
    }
    if (shard.nextDeadlineMillis() <= stamp || shard.isSinking()) {
      replica.propose(Proposal.tick(stamp), ProposalListener.INDIFFERENT);
    }
  }

  /** Who was replaced sends nothing any more; a late copy finds the tombstone (DESIGN 5). */
  private static void retireSessions(ShardGroup group, ClusterMap map) {
    map.retired()
        .forEach(
            (incarnation, node) -> {
              if (!group.state().shard().hasRetired(node, incarnation)) {
                group
                    .replica()
                    .propose(
                        Proposal.retireSession(group.state().stampMillis(), node, incarnation),
                        ProposalListener.INDIFFERENT);
              }
            });
  }
}
