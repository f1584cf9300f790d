package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

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
}
