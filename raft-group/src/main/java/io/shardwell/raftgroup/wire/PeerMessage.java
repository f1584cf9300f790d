package io.shardwell.raftgroup.wire;

import io.microraft.model.message.RaftMessage;
import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.cluster.MemoryDealer;
import java.util.List;

/** Everything one node says to another. A frame is a sequence of these. */
@SuppressWarnings("ArrayRecordComponent") // Never compared, never changed.
public sealed interface PeerMessage {

  /**
   * Who speaks; the first message of every link, and again whenever it changes (DESIGN 10).
   *
   * @param table the cluster's table, empty while the speaker has none
   * @param opened whether the speaker has opened replicas under that table
   * @param rejoins whether the speaker's directory was emptied on purpose: it had a cluster, and
   *     must not become the beginning of another; it asks to be taken in again
   * @param map the newest cluster map the speaker knows, empty until it has opened: it says who was
   *     taken in again, and who was replaced
   */
  record Hello(
      String nodeId,
      long incarnation,
      long boot,
      int shards,
      int replicas,
      byte[] table,
      boolean opened,
      boolean rejoins,
      byte[] map,
      ClientAddress clientAddress)
      implements PeerMessage {}

  /**
   * A message between replicas of a group. It is bound to both full endpoints: the sender's
   * incarnation is the link's, the target's is in the message, because a link leads to whoever runs
   * under the node's name now.
   *
   * @param tailIndex with a failure response: the sender's last synced entry (MICRORAFT B14), else
   *     0
   */
  record Raft(
      int group,
      int senderGeneration,
      long targetIncarnation,
      int targetGeneration,
      long tailIndex,
      int tailTerm,
      RaftMessage message)
      implements PeerMessage {}

  /** A batch of a session, for the shard's leader. */
  record Batch(int shard, long boot, long sequence, byte[] batch) implements PeerMessage {}

  /** What became of a batch. */
  record BatchAnswer(int shard, long boot, long sequence, BatchVerdict verdict)
      implements PeerMessage {}

  /**
   * Reads for the shard's leader.
   *
   * @param claimedTerm the sender's own "my term is T", said after the last of these reads arrived
   *     (DESIGN 6); 0 for none
   * @param generation of the replica that claims
   */
  record Read(int shard, long readId, int claimedTerm, int generation, byte[] invocations)
      implements PeerMessage {}

  /** Replies to a {@link Read}. */
  record ReadAnswer(int shard, long readId, byte[] replies) implements PeerMessage {}

  /** These reads were not executed: ask the named node, or whoever leads, empty if unknown. */
  record ReadRefused(int shard, long readId, String leaderHint) implements PeerMessage {}

  /** "Is your term still this?", for all shards with waiting reads (DESIGN 6). */
  record ReadIndex(long round, List<GroupTerm> terms) implements PeerMessage {}

  /** A shard and the term its leader leads in. */
  record GroupTerm(int shard, int term) {}

  /** The answer to a {@link ReadIndex}; names the shards whose term is still the one asked for. */
  record ReadIndexAnswer(long round, List<GroupGeneration> confirmed) implements PeerMessage {}

  /** A replica that confirmed its term; the link names the rest of its endpoint. */
  record GroupGeneration(int shard, int generation) {}

  /**
   * Every half second: the speaker's wall clock, the newest cluster map it knows, and the shards it
   * leads.
   *
   * @param diskIsLow whether the speaker stands aside, or is about to, for want of disk space
   * @param isLeaving whether the speaker is stopping and takes no leadership any more
   * @param isBehind whether the speaker has much log to apply, and takes no leadership before
   */
  record Pulse(
      long wallClockMillis,
      long mapEpoch,
      List<GroupTerm> leads,
      boolean diskIsLow,
      boolean isLeaving,
      boolean isBehind)
      implements PeerMessage {}

  /**
   * Part of a message too large to let others wait for it; the next part follows on the same link.
   *
   * @param rest how many bytes follow
   * @param bytes of a frame of its own
   */
  record Piece(int rest, byte[] bytes) implements PeerMessage {}

  /**
   * The digests of the speaker's replica at some multiples of the stride, the last of them at the
   * position.
   */
  record Digests(int shard, int generation, int stride, long lastPosition, long[] digests)
      implements PeerMessage {}

  /** What the shards use that the speaker leads, for the leader of `meta`. */
  record MemoryUse(List<MemoryDealer.Use> uses) implements PeerMessage {}

  /** A change of the cluster map, for the leader of `meta`. Repeating one does no harm. */
  record MapChange(byte[] change) implements PeerMessage {}

  /** The cluster map, for a node that knows only an older one. */
  record MapCopy(byte[] map) implements PeerMessage {}
}
