package io.shardwell.raftgroup.replica;

import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Proposal;
import io.shardwell.statemachine.ShardState;
import io.shardwell.statemachine.TouchBuilder;
import java.util.List;

/** A shard's data as a group's replicated state. Loop thread only. */
public final class ShardReplicatedState implements ReplicatedState {

  private final ShardState shard = new ShardState();
  private final LogClock clock;
  private final FirstStamp firstStamp;

  /** What this replica's reads have used since it last said so; no part of the state. */
  private final TouchBuilder uses = new TouchBuilder();

  /** The wall clock as far as the other nodes' clocks bear it out. */
  public interface FirstStamp {
    long millis();
  }

  public ShardReplicatedState(LogClock clock, FirstStamp firstStamp) {
    this.clock = clock;
    this.firstStamp = firstStamp;
  }

  /** For reads and figures; only {@link #apply} changes it. */
  public ShardState shard() {
    return shard;
  }

  /** The stamp this replica would give now if it leads. */
  public long stampMillis() {
    return clock.stampMillis();
  }

  /** Records what a read that was served has used, if that can make a difference (DESIGN 8). */
  public void recordUse(Invocation read) {
    if (shard.wantsTouches()) {
      shard.recordUse(read, uses);
    }
  }

  public boolean hasUses() {
    return uses.size() > 0;
  }

  /** Whether further uses would not be recorded before {@link #takeUses}. */
  public boolean isFullOfUses() {
    return uses.isFull();
  }

  /** The entry that tells all replicas what was used; begins anew. */
  public byte[] takeUses() {
    return Proposal.touch(stampMillis(), uses);
  }

  /** This replica does not lead: whoever does records anew. */
  public void forgetUses() {
    uses.clear();
  }

  @Override
  public Object apply(long index, byte[] proposal) {
    return shard.apply(index, proposal);
  }

  @Override
  public void appended(byte[] proposal) {
    clock.seen(Proposal.stampOf(proposal));
  }

  @Override
  public byte[] newTermProposal() {
    clock.lead(firstStamp.millis());
    return Proposal.newTerm(clock.stampMillis());
  }

  @Override
  public List<byte[]> takeSnapshot() {
    return shard.takeSnapshot();
  }

  @Override
  public void installSnapshot(List<byte[]> chunks) {
    shard.installSnapshot(chunks);
    clock.seen(shard.logTimeMillis());
  }
}
