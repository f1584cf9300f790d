package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.reads.ReadIndex;
import io.shardwell.statemachine.BatchBuilder;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Proposal;
import io.shardwell.statemachine.SessionKey;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Reads at a leader that cannot serve them for long. */
class ReadIndexTest {

  /**
   * It was elected by a voter that must fetch a snapshot before it can acknowledge an entry. Every
   * asking of the meantime, given up long since, was kept and in the end answered.
   */
  @Test
  void readsThatWaitForTheFirstEntryOfATermAreRefused() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.elect("a");
    it.syncAll();
    assertThat(it.replica.isLeader()).isTrue();
    assertThat(it.replica.isEstablishedLeader()).isFalse();
    ReadIndexFixture reads = new ReadIndexFixture(it);
    reads.read(1);
    reads.waitForHeartbeatTimeout();
    assertThat(it.replica.isLeader()).isTrue();
    assertThat(reads.isRefused(1)).isTrue();
    reads.read(2);
    it.acknowledge("a", it.replica.term(), 1);
    assertThat(it.replica.isEstablishedLeader()).isTrue();
    boolean unused = reads.endTurn();
    reads.confirm("a", reads.lastRound());
    assertThat(reads.isAnswered(2)).isTrue();
    assertThat(reads.isAnswered(1)).isFalse();
  }

  /**
   * Each batch had the limit to itself: the 64 that one node may have under way were all answered
   * in one turn, and those behind one that was cut in vain, for they are asked again.
   */
  @Test
  void whatOneAskerIsAnsweredInATurnIsLimitedOverAllItsBatchesAndRounds() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.elect("a");
    it.syncAll();
    it.acknowledge("a", it.replica.term(), 1);
    set(it, new byte[ReadIndex.MAX_ANSWER_BYTES / 4]);
    ReadIndexFixture reads = new ReadIndexFixture(it);
    for (int id = 1; id <= 3; id++) {
      reads.arrive("asker", id, 3);
      reads.arrive("other", 10L * id, 1);
      boolean unused = reads.endTurn();
    }
    reads.confirm("a", reads.lastRound());
    assertThat(reads.answers(1)).isEqualTo(3);
    assertThat(reads.answers(2)).isEqualTo(1);
    assertThat(reads.answers(3)).as("to be asked again with the rest of the second").isZero();
    for (int id = 1; id <= 3; id++) {
      assertThat(reads.answers(10L * id)).isEqualTo(1);
    }
  }

  /** Then the next one is told so by an answer to none of its reads. */
  @Test
  void aBatchMayUseUpWhatIsLeftExactly() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.elect("a");
    it.syncAll();
    it.acknowledge("a", it.replica.term(), 1);
    set(it, new byte[ReadIndex.MAX_ANSWER_BYTES]);
    ReadIndexFixture reads = new ReadIndexFixture(it);
    for (int id = 1; id <= 3; id++) {
      reads.arrive("asker", id, 1);
    }
    boolean unused = reads.endTurn();
    reads.confirm("a", reads.lastRound());
    assertThat(reads.answers(1)).isEqualTo(1);
    assertThat(reads.answers(2)).isZero();
    assertThat(reads.answers(3)).isZero();
  }

  /** To the key that is read. */
  private static void set(ReplicaFixture it, byte[] value) {
    BatchBuilder batch = new BatchBuilder();
    batch.add(Invocation.of(Command.SET, "k".getBytes(StandardCharsets.UTF_8), value));
    byte[] set = batch.build(new SessionKey("n", 5, 1), 1, 0);
    it.replica.propose(Proposal.batch(it.state.stampMillis(), set), ProposalListener.INDIFFERENT);
    it.syncAll();
    it.acknowledge("a", it.replica.term(), 2);
    it.syncAll();
    assertThat(it.state.logicalBytes()).isGreaterThan(value.length);
  }
}
