package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.BatchProposer;
import io.shardwell.raftgroup.ReachingPost;
import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.wire.BatchVerdict;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.BatchBuilder;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Outcome;
import io.shardwell.statemachine.SessionKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Copies of a batch whose fate is open become no entries of the log; once it is known, or in
 * another term, or of another session, they do. The followers are played by the test.
 */
class BatchProposerTest implements ReachingPost {

  private final ReplicaFixture it = new ReplicaFixture("a", "b");
  private final List<PeerMessage.BatchAnswer> answers = new ArrayList<>();
  private final BatchProposer proposer =
      new BatchProposer(
          Map.of(ReplicaFixture.GROUP, new ShardGroup(ReplicaFixture.GROUP, it.replica, it.state)),
          this);

  @BeforeEach
  void lead() {
    it.elect("a");
    it.syncAll();
    it.acknowledge("a", it.replica.term(), 1);
    it.syncAll();
  }

  @Test
  void aCopyOfWhatIsUndecidedIsNotProposed() {
    send(5, 1);
    send(5, 1);
    send(5, 1);
    assertThat(it.replica.lastIndex()).isEqualTo(2);
    commit();
    assertThat(outcomes()).hasSize(1).first().isInstanceOf(Outcome.Applied.class);
    send(5, 1);
    assertThat(it.replica.lastIndex()).as("the answer may have been lost").isEqualTo(3);
    commit();
    assertThat(outcomes()).hasSize(2).last().isInstanceOf(Outcome.Repeated.class);
  }

  @Test
  void otherBatchesAreNoCopies() {
    send(5, 1);
    send(5, 2);
    send(6, 1);
    proposer.onBatch("asker", 10, batch(5, 1));
    proposer.onBatch("other", 9, batch(5, 1));
    assertThat(it.replica.lastIndex()).isEqualTo(6);
  }

  @Test
  void anotherTermTakesTheCopy() {
    send(5, 1);
    it.requestVote("b", it.replica.term() + 1);
    it.syncAll();
    assertThat(it.replica.isLeader()).isFalse();
    it.elect("a");
    it.syncAll();
    assertThat(it.replica.isLeader()).isTrue();
    long before = it.replica.lastIndex();
    send(5, 1);
    assertThat(it.replica.lastIndex()).isEqualTo(before + 1);
  }

  private void send(long boot, long sequence) {
    proposer.onBatch("asker", 9, batch(boot, sequence));
  }

  private static PeerMessage.Batch batch(long boot, long sequence) {
    BatchBuilder builder = new BatchBuilder();
    builder.add(Invocation.of(Command.INCR, new byte[] {'k'}));
    byte[] bytes = builder.build(new SessionKey("asker", 9, boot), sequence, 0);
    return new PeerMessage.Batch(ReplicaFixture.GROUP, boot, sequence, bytes);
  }

  private void commit() {
    it.syncAll();
    it.acknowledge("a", it.replica.term(), it.replica.lastIndex());
    it.syncAll();
  }

  private List<Outcome> outcomes() {
    return answers.stream()
        .map(answer -> ((BatchVerdict.Decided) answer.verdict()).outcome())
        .toList();
  }

  @Override
  public void tell(String nodeId, PeerMessage message) {
    answers.add((PeerMessage.BatchAnswer) message);
  }
}
