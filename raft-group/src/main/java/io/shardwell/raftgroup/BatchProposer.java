package io.shardwell.raftgroup;

import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.replica.ProposalListener;
import io.shardwell.raftgroup.wire.BatchVerdict;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.Outcome;
import io.shardwell.statemachine.Proposal;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The leader's end of a {@link io.shardwell.raftgroup.routing.WriteChannel}: a batch becomes a
 * proposal, and what became of that goes back to the node it came from. Loop thread only.
 */
final class BatchProposer {

  private final Map<Integer, ShardGroup> groups;
  private final Post post;

  BatchProposer(Map<Integer, ShardGroup> groups, Post post) {
    this.groups = groups;
    this.post = post;
  }

  /**
   * Proposes a batch if this node leads its shard. Whether the session knows it is decided by
   * apply, never beforehand (DESIGN 5).
   */
  void onBatch(String origin, PeerMessage.Batch batch) {
    ShardGroup group = groups.get(batch.shard());
    if (group == null || !group.replica().isLeader()) {
      answer(origin, batch, refusal(group));
      return;
    }
    group
        .replica()
        .propose(
            Proposal.batch(group.state().stampMillis(), batch.batch()),
            new ProposalListener() {
              @Override
              public void applied(long index, Object result) {
                if (result instanceof Outcome.Applied applied) {
                  group.state().shard().recordLookups(applied);
                }
                group
                    .replica()
                    .whenDurable(
                        origin,
                        index,
                        () -> answer(origin, batch, new BatchVerdict.Decided((Outcome) result)));
              }

              @Override
              public void notApplied() {
                answer(origin, batch, refusal(group));
              }
            });
  }

  private static BatchVerdict refusal(@Nullable ShardGroup group) {
    String leader = group == null ? null : group.replica().leaderNodeId();
    return new BatchVerdict.Refused(leader == null ? "" : leader);
  }

  private void answer(String origin, PeerMessage.Batch batch, BatchVerdict verdict) {
    post.tell(
        origin,
        new PeerMessage.BatchAnswer(batch.shard(), batch.boot(), batch.sequence(), verdict));
  }
}
