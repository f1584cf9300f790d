package io.shardwell.raftgroup.routing;

import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.reads.ReadIndex;
import io.shardwell.raftgroup.wire.PeerMessage;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * This node's two channels to each shard, and the care they need: those with commands are pumped in
 * every turn, and patrolled every few milliseconds for what waits too long. The patrol also looks
 * after the reads that this node's leaders answer, and rests while there is nothing. Loop thread
 * only.
 */
public final class ShardChannels {

  private static final long PATROL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final EventLoop loop;
  private final Patience patience;
  private final List<WriteChannel> writes;
  private final List<ReadChannel> reads;
  private final ReadIndex readIndex;

  /** Shards with commands queued or under way on this node. */
  private final BitSet active = new BitSet();

  private boolean patrolScheduled;
  private long patrolDueNanos;
  private boolean stopped;

  /**
   * @param writes by shard
   * @param reads by shard
   */
  public ShardChannels(
      EventLoop loop,
      Patience patience,
      List<WriteChannel> writes,
      List<ReadChannel> reads,
      ReadIndex readIndex) {
    assert writes.size() == reads.size();
    this.loop = loop;
    this.patience = patience;
    this.writes = writes;
    this.reads = reads;
    this.readIndex = readIndex;
  }

  /** For clients, whose commands these channels carry. */
  public Router router() {
    return new Router(writes.size(), loop, patience, writes, reads, this::activate);
  }

  private void activate(int shard) {
    active.set(shard);
    schedulePatrol();
  }

  /** Sends what has gathered, as far as it may be under way; whether that was anything. */
  public boolean pump() {
    boolean any = false;
    for (int shard = active.nextSetBit(0); shard >= 0; shard = active.nextSetBit(shard + 1)) {
      any |= writes.get(shard).pump();
      any |= reads.get(shard).pump();
      if (writes.get(shard).isIdle() && reads.get(shard).isIdle()) {
        active.clear(shard);
      }
    }
    return any;
  }

  /** The shard's leader is another. */
  public void leaderChanged(int shard) {
    writes.get(shard).leaderChanged();
    reads.get(shard).leaderChanged();
  }

  /** The link to or from the node broke, or is up again. */
  public void linkChanged(String nodeId) {
    for (int shard = active.nextSetBit(0); shard >= 0; shard = active.nextSetBit(shard + 1)) {
      writes.get(shard).linkChanged(nodeId);
      reads.get(shard).linkChanged(nodeId);
    }
  }

  public void onAnswer(String from, PeerMessage.BatchAnswer answer) {
    if (answer.shard() < writes.size()) {
      writes.get(answer.shard()).onAnswer(from, answer);
    }
  }

  public void onAnswer(String from, PeerMessage.ReadAnswer answer) {
    if (answer.shard() < reads.size()) {
      reads.get(answer.shard()).onAnswer(from, answer);
    }
  }

  public void onRefused(String from, PeerMessage.ReadRefused refused) {
    if (refused.shard() < reads.size()) {
      reads.get(refused.shard()).onRefused(from, refused);
    }
  }

  // --- the patrol
  // ----------------------------------------------------------------------------------

  /** There is something to look after: a command, or a read that a leader here is to answer. */
  public void schedulePatrol() {
    if (!patrolScheduled) {
      patrolScheduled = true;
      patrolDueNanos = loop.nanoTime() + PATROL_NANOS;
      EventLoop.Timer unused = loop.schedule(this::patrol, PATROL_NANOS);
    }
  }

  private void patrol() {
    patrolScheduled = false;
    if (stopped) {
      return;
    }
    patience.loopWasLate(loop.nanoTime() - patrolDueNanos);
    readIndex.patrol();
    for (int shard = active.nextSetBit(0); shard >= 0; shard = active.nextSetBit(shard + 1)) {
      writes.get(shard).patrol();
      reads.get(shard).patrol();
    }
    if (!active.isEmpty() || !readIndex.isIdle()) {
      schedulePatrol();
    }
  }

  /** The node stops: commands still under way get no reply. */
  public void stop() {
    stopped = true;
  }
}
