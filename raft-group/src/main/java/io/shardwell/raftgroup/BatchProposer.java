package io.shardwell.raftgroup;

import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.replica.ProposalListener;
import io.shardwell.raftgroup.wire.BatchVerdict;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.Outcome;
import io.shardwell.statemachine.Proposal;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The leader's end of a {@link io.shardwell.raftgroup.routing.WriteChannel}: a batch becomes a
 * proposal, and what became of that goes back to the node it came from. Loop thread only.
 */
public final class BatchProposer {

  /** A batch that was proposed in a term. */
  private record Proposed(
      String origin, long incarnation, int shard, int term, long boot, long sequence) {}

  private final Map<Integer, ShardGroup> groups;
  private final Post post;

  // Of which it is not yet known what became of them; one for each proposal that waits.
  private final Set<Proposed> undecided = new HashSet<>();

  public BatchProposer(Map<Integer, ShardGroup> groups, Post post) {
    this.groups = groups;
    this.post = post;
  }

  /**
   * Proposes a batch if this node leads its shard. Whether the session knows it is decided by
   * apply, never beforehand (DESIGN 5).
   *
   * <p>Of a copy of what is undecided in this term, an entry would say nothing new, but may be
   * large for the links to all replicas: the answer that is to come is the copy's as well. That
   * goes for the empty copy of a batch given up, too, which would come second.
   */
  public void onBatch(String origin, long incarnation, PeerMessage.Batch batch) {
    ShardGroup group = groups.get(batch.shard());
    if (group == null || !group.replica().isLeader()) {
      answer(origin, batch, refusal(group));
      return;
    }
    Proposed proposed =
        new Proposed(
            origin,
            incarnation,
            batch.shard(),
            group.replica().term(),
            batch.boot(),
            batch.sequence());
    if (!undecided.add(proposed)) {
      return;
    }
    group
        .replica()
        .propose(
            Proposal.batch(group.state().stampMillis(), batch.batch()),
            new ProposalListener() {
              @Override
              public void applied(long index, Object result) {
                undecided.remove(proposed);
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
                undecided.remove(proposed);
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
