package io.shardwell.raftgroup.replica;

import io.shardwell.statemachine.FrozenShard;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Proposal;
import io.shardwell.statemachine.ShadowShard;
import io.shardwell.statemachine.ShardState;
import io.shardwell.statemachine.TouchBuilder;
import org.jspecify.annotations.Nullable;

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
  public long digest() {
    return shard.digest();
  }

  @Override
  public long logicalBytes() {
    return shard.stats().logicalBytes();
  }

  @Override
  public FrozenView freeze(int mostChunkBytes) {
    FrozenShard view = shard.freeze(mostChunkBytes);
    return new FrozenView() {
      @Override
      public int chunkCount() {
        return view.chunkCount();
      }

      @Override
      public long mostBytes() {
        return view.mostBytes();
      }

      @Override
      public byte @Nullable [] write(int mostRecords) {
        return view.write(mostRecords);
      }

      @Override
      public void letGo() {
        view.letGo();
      }
    };
  }

  @Override
  public SnapshotShadow beginInstall() {
    ShadowShard shadow = new ShadowShard();
    return new SnapshotShadow() {
      @Override
      public void add(byte[] chunk) {
        shadow.add(chunk);
      }

      @Override
      public void replaceState() {
        shard.installShadow(shadow);
        clock.seen(shard.logTimeMillis());
      }
    };
  }
}
