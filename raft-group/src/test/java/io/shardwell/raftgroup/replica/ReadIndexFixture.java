package io.shardwell.raftgroup.replica;

import static io.shardwell.raftgroup.replica.ReplicaFixture.GROUP;

import io.shardwell.raftgroup.ReachingPost;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.raftgroup.reads.ReadIndex;
import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.InvocationCodec;
import io.shardwell.statemachine.ReplyCodec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Reads at the replica of a {@link ReplicaFixture}, with voters and askers played by the test. */
final class ReadIndexFixture {
  private final ReplicaFixture it;
  private final List<PeerMessage> told = new ArrayList<>();
  private final ReadIndex reads;

  ReadIndexFixture(ReplicaFixture it) {
    this.it = it;
    ReachingPost post = (nodeId, message) -> told.add(message);
    reads =
        new ReadIndex(
            it.loop,
            post,
            Tuning.DEFAULT,
            Map.of(GROUP, new ShardGroup(GROUP, it.replica, it.state)),
            1);
  }

  /** A read of a node without a replica arrives, and the turn ends. */
  void read(long id) {
    arrive(id);
    boolean unused = endTurn();
  }

  /** Returns whether there was anything to ask. */
  boolean endTurn() {
    return reads.startRound();
  }

  /** The same, but the turn goes on. */
  void arrive(long id) {
    arrive("asker", id, 1);
  }

  /** So many reads of the same key, as one batch. */
  void arrive(String asker, long id, int times) {
    Invocation get = Invocation.of(Command.GET, "k".getBytes(StandardCharsets.UTF_8));
    byte[] batch = InvocationCodec.encode(Collections.nCopies(times, get));
    reads.onRead(asker, 9, new PeerMessage.Read(GROUP, id, 0, 0, batch));
  }

  /** The node says that its term is still the one that round asked for. */
  void confirm(String node, long round) {
    reads.onAnswer(
        node,
        7,
        new PeerMessage.ReadIndexAnswer(round, List.of(new PeerMessage.GroupGeneration(GROUP, 0))));
    it.syncAll();
  }

  /** Nobody says anything for so long, and then the rounds are looked at. */
  void waitForHeartbeatTimeout() {
    it.loop.run(Tuning.DEFAULT.heartbeatTimeoutMillis());
    reads.patrol();
  }

  /** The rounds asked so far, the last one's number. */
  long lastRound() {
    long last = 0;
    for (PeerMessage message : told) {
      if (message instanceof PeerMessage.ReadIndex question) {
        last = question.round();
      }
    }
    return last;
  }

  boolean isAnswered(long id) {
    return told.stream()
        .anyMatch(m -> m instanceof PeerMessage.ReadAnswer answer && answer.readId() == id);
  }

  /** To how many of the batch's reads there is a reply; -1 if it has no answer. */
  int answers(long id) {
    for (PeerMessage message : told) {
      if (message instanceof PeerMessage.ReadAnswer answer && answer.readId() == id) {
        return ReplyCodec.decode(answer.replies()).size();
      }
    }
    return -1;
  }

  boolean isRefused(long id) {
    return told.stream()
        .anyMatch(m -> m instanceof PeerMessage.ReadRefused refused && refused.readId() == id);
  }
}
