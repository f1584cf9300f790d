package io.shardwell.raftgroup;

import io.shardwell.raftgroup.cluster.ClusterMap;
import io.shardwell.raftgroup.cluster.LimitReports;
import io.shardwell.raftgroup.cluster.MemoryDealer;
import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.replica.ProposalListener;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.ShardStats;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * This node's part in dealing the memory budget out by use: it tells the leader of `meta` what the
 * shards use that it leads, and which limits its replicas go by; and if it is that leader itself it
 * deals. Without a budget, or while nothing changes, it is silent but for one message with each
 * pulse. Loop thread only.
 */
final class MemoryDealing {

  /** What was told and got lost is told again after this time, changed or not. */
  private static final long REPEAT_NANOS = TimeUnit.MILLISECONDS.toNanos(1000);

  private final EventLoop loop;
  private final Post post;
  private final LocalReplicas replicas;
  private final MemoryDealer dealer;
  private final LimitReports reports;
  private final Predicate<byte[]> sendToMeta;

  private List<MemoryDealer.Use> told = List.of();
  private String toldTo = "";
  private long toldNanos;

  /**
   * @param sendToMeta brings a change on its way to the leader of `meta`; false if none is known
   */
  MemoryDealing(
      EventLoop loop,
      Post post,
      LocalReplicas replicas,
      MemoryDealer dealer,
      LimitReports reports,
      Predicate<byte[]> sendToMeta) {
    this.loop = loop;
    this.post = post;
    this.replicas = replicas;
    this.dealer = dealer;
    this.reports = reports;
    this.sendToMeta = sendToMeta;
  }

  /** To be called every {@link Tuning#tickMillis}. */
  void run(ClusterMap map) {
    Replica meta = replicas.meta();
    if (map.memory().isOn()) {
      tell(meta);
      byte[] report = reports.next(map, replicas.groups().values(), loop.nanoTime());
      if (report != null) {
        boolean unused = sendToMeta.test(report);
      }
    }
    if (meta == null || !meta.isEstablishedLeader() || !map.memory().isOn()) {
      dealer.forget();
      return;
    }
    byte[] deal = dealer.deal(map, loop.nanoTime());
    if (deal != null) {
      meta.propose(deal, ProposalListener.INDIFFERENT);
    }
  }

  private void tell(@Nullable Replica meta) {
    List<MemoryDealer.Use> uses = new ArrayList<>();
    for (ShardGroup group : replicas.groups().values()) {
      if (group.replica().isEstablishedLeader()) {
        ShardStats stats = group.state().shard().stats();
        uses.add(new MemoryDealer.Use(group.shard(), stats.logicalBytes(), stats.evictedKeys()));
      }
    }
    String leader = meta == null ? "" : meta.leaderNodeId();
    long now = loop.nanoTime();
    boolean isNews = !uses.equals(told) || !toldTo.equals(leader);
    if (uses.isEmpty() || leader == null || (!isNews && now - toldNanos < REPEAT_NANOS)) {
      return;
    }
    told = uses;
    toldTo = leader;
    toldNanos = now;
    PeerMessage.MemoryUse message = new PeerMessage.MemoryUse(uses);
    // Whoever has no replica of `meta` does not know who leads it; the others do not listen.
    (leader.isEmpty() ? replicas.metaVoters() : List.of(leader))
        .forEach(node -> post.tell(node, message));
  }

  /** A node tells; what comes to one that does not lead `meta` is forgotten with the next tick. */
  void heard(PeerMessage.MemoryUse message) {
    for (MemoryDealer.Use use : message.uses()) {
      dealer.heard(use, loop.nanoTime());
    }
  }
}
