package io.shardwell.raftgroup;

import io.shardwell.raftgroup.cluster.ClusterMap;
import io.shardwell.raftgroup.reads.ReadIndex;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.routing.ShardChannels;
import io.shardwell.raftgroup.wire.PeerMessage;

/**
 * Brings what a node says, this one included, to whom it concerns: one kind of message, one
 * receiver. Before the replicas open nobody is there to hear it. Loop thread only.
 */
final class PeerInbox {

  private final LocalReplicas replicas;
  private final BatchProposer batches;
  private final ReadIndex readIndex;
  private final ShardChannels channels;
  private final Pulses pulses;
  private final DigestWatch digestWatch;
  private final MemoryDealing memoryDealing;
  private final ClusterMapCopy mapCopy;

  PeerInbox(
      LocalReplicas replicas,
      BatchProposer batches,
      ReadIndex readIndex,
      ShardChannels channels,
      Pulses pulses,
      DigestWatch digestWatch,
      MemoryDealing memoryDealing,
      ClusterMapCopy mapCopy) {
    this.replicas = replicas;
    this.batches = batches;
    this.readIndex = readIndex;
    this.channels = channels;
    this.pulses = pulses;
    this.digestWatch = digestWatch;
    this.memoryDealing = memoryDealing;
    this.mapCopy = mapCopy;
  }

  /** A node of this incarnation says something. */
  void received(String from, long incarnation, PeerMessage message) {
    if (!replicas.isOpen()) {
      return;
    }
    if (message instanceof PeerMessage.Raft raft) {
      Replica replica = replicas.of(raft.group());
      if (replica != null) {
        replica.handle(raft);
      }
    } else if (message instanceof PeerMessage.Batch batch) {
      batches.onBatch(from, incarnation, batch);
    } else if (message instanceof PeerMessage.BatchAnswer answer) {
      channels.onAnswer(from, answer);
    } else if (message instanceof PeerMessage.Read read) {
      readIndex.onRead(from, incarnation, read);
      channels.schedulePatrol();
    } else if (message instanceof PeerMessage.ReadAnswer answer) {
      channels.onAnswer(from, answer);
    } else if (message instanceof PeerMessage.ReadRefused refused) {
      channels.onRefused(from, refused);
    } else if (message instanceof PeerMessage.ReadIndex question) {
      readIndex.onQuestion(from, question);
    } else if (message instanceof PeerMessage.ReadIndexAnswer answer) {
      readIndex.onAnswer(from, incarnation, answer);
    } else if (message instanceof PeerMessage.Pulse pulse) {
      pulses.heard(from, pulse);
    } else if (message instanceof PeerMessage.Digests digests) {
      digestWatch.heard(from, incarnation, digests);
    } else if (message instanceof PeerMessage.MemoryUse use) {
      memoryDealing.heard(use);
    } else if (message instanceof PeerMessage.MapChange change) {
      mapCopy.onChange(change);
    } else if (message instanceof PeerMessage.MapCopy copy) {
      mapCopy.learn(ClusterMap.decode(copy.map()));
    }
  }
}
