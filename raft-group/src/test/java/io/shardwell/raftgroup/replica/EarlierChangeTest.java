package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.microraft.RaftEndpoint;
import io.microraft.model.log.LogEntry;
import io.microraft.model.message.AppendEntriesSuccessResponse;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A leader that has yet to learn what is committed sends two changes of members, one after the
 * other or together: the later one is in force, and the earlier one stays when the later is lost.
 * Found by simulation, seed 8025 of a storm.
 */
class EarlierChangeTest {
  private static final RaftEndpoint ME = ReplicaFixture.endpoint("me");
  private static final RaftEndpoint A = ReplicaFixture.endpoint("a");
  private static final RaftEndpoint B = ReplicaFixture.endpoint("b");
  private static final RaftEndpoint C = ReplicaFixture.endpoint("c");
  private static final RaftEndpoint D = ReplicaFixture.endpoint("d");
  private static final List<RaftEndpoint> ALL = List.of(ME, A, B, C, D);
  private static final List<RaftEndpoint> WITHOUT_D = List.of(ME, A, B, C);
  private static final List<RaftEndpoint> WITHOUT_C_AND_D = List.of(ME, A, B);

  private final ReplicaFixture it = new ReplicaFixture("a", "b", "c", "d");

  @AfterEach
  void nothingBroke() {
    assertThat(it.faults).isEmpty();
  }

  @Test
  void aSecondChangeTellsThatTheFirstIsCommitted() {
    it.append("a", 1, 0, 0, 0, 1, 1);
    it.append("a", 1, 2, 1, 0, List.of(withoutD(3)));
    assertInForce(WITHOUT_D, 0);
    it.append("a", 1, 3, 1, 0, List.of(withoutCAndD(4)));
    assertInForce(WITHOUT_C_AND_D, 3);
    assertThat(it.replica.isChangingMembers()).isTrue();
  }

  @Test
  void ofTwoChangesInOneRequestTheLaterIsInForce() {
    it.append("a", 1, 0, 0, 0, 1, 1);
    it.append("a", 1, 2, 1, 0, List.of(withoutD(3), withoutCAndD(4)));
    assertInForce(WITHOUT_C_AND_D, 3);
    it.append("a", 1, 4, 1, 4);
    assertInForce(WITHOUT_C_AND_D, 4);
    assertThat(it.replica.isChangingMembers()).isFalse();
  }

  /** Only the later one may be lost. */
  @Test
  void theNextLeaderMayDropTheSecondAndNotTheFirst() {
    it.append("a", 1, 0, 0, 0, 1, 1);
    it.append("a", 1, 2, 1, 0, List.of(withoutD(3), withoutCAndD(4)));
    it.append("b", 2, 3, 1, 0, 2);
    assertInForce(WITHOUT_D, 3);
    assertThat(it.replica.isChangingMembers()).isFalse();
  }

  /** The change in force here never was the leader's: nothing follows from it. */
  @Test
  void aChangeThatTheRequestOverwritesIsNotCommitted() {
    it.append("a", 1, 0, 0, 0, 1, 1);
    it.append("a", 1, 2, 1, 0, List.of(withoutD(3)));
    LogEntry other = change(4, 2, List.of(ME, A, C, D), B);
    it.append("b", 2, 2, 1, 0, List.of(tick(3, 2), other));
    assertInForce(List.of(ME, A, C, D), 0);
    it.append("c", 3, 3, 2, 0, 3);
    assertInForce(ALL, 0);
  }

  /** The request does not match: it says nothing about what is held here. */
  @Test
  void aRequestThatDoesNotMatchCommitsNothing() {
    it.append("a", 1, 0, 0, 0, 1, 1);
    it.append("a", 1, 2, 1, 0, List.of(withoutD(3)));
    it.append("b", 3, 4, 2, 0, List.of(change(5, 3, List.of(ME, A, C, D), B)));
    assertInForce(WITHOUT_D, 0);
  }

  @Test
  void aRestartBetweenTheTwoChangesNothing() {
    it.append("a", 1, 0, 0, 0, 1, 1);
    it.append("a", 1, 2, 1, 0, List.of(withoutD(3)));
    it.syncAll();
    it.restart();
    assertInForce(WITHOUT_D, 0);
    it.append("b", 2, 3, 1, 0, List.of(change(4, 2, WITHOUT_C_AND_D, C)));
    assertInForce(WITHOUT_C_AND_D, 3);
  }

  /** MicroRaft's own restore goes by the same rule. */
  @Test
  void aRestartFindsBothInTheLog() {
    it.append("a", 1, 0, 0, 0, 1, 1);
    it.append("a", 1, 2, 1, 0, List.of(withoutD(3), withoutCAndD(4)));
    it.syncAll();
    it.restart();
    assertInForce(WITHOUT_C_AND_D, 3);
  }

  /** Who has taken both and is elected commits them by the later one's majority. */
  @Test
  void whoHoldsBothCanLead() {
    it.append("a", 1, 0, 0, 0, 1, 1);
    it.append("a", 1, 2, 1, 0, List.of(withoutD(3), withoutCAndD(4)));
    it.syncAll();
    it.elect("b");
    it.syncAll();
    assertThat(it.replica.isLeader()).isTrue();
    it.acknowledge("b", it.replica.term(), 4); // Matches; the leader sends the rest.
    it.syncAll();
    it.acknowledge("b", it.replica.term(), it.replica.lastIndex());
    assertInForce(WITHOUT_C_AND_D, it.replica.lastIndex());
    assertThat(it.replica.isChangingMembers()).isFalse();
  }

  /**
   * There MicroRaft is told no commit index ({@link CompactedPrefixGuard}): one after the other.
   */
  @Test
  void belowTheSnapshotTheSecondChangeComesLater() {
    it.append("a", 1, 0, 0, 0, 1, 1, 1, 1);
    it.append("a", 1, 4, 1, 4);
    it.replica.takeSnapshot();
    it.syncAll();
    it.loop.run(10);
    it.restart();
    assertThat(it.replica.snapshotIndex()).isEqualTo(4);
    it.append("a", 1, 2, 1, 4, List.of(tick(3, 1), tick(4, 1), withoutD(5), withoutCAndD(6)));
    it.syncAll();
    assertThat(lastAcknowledged("a")).isEqualTo(5);
    assertInForce(WITHOUT_D, 4);
    it.append("a", 1, 5, 1, 4, List.of(withoutCAndD(6)));
    it.syncAll();
    assertThat(lastAcknowledged("a")).isEqualTo(6);
    assertInForce(WITHOUT_C_AND_D, 5);
  }

  private void assertInForce(List<RaftEndpoint> voters, long commitIndex) {
    assertThat(it.replica.voters()).containsExactlyInAnyOrderElementsOf(voters);
    assertThat(it.replica.commitIndex()).isEqualTo(commitIndex);
  }

  private long lastAcknowledged(String leader) {
    return Objects.requireNonNull(it.last(leader, AppendEntriesSuccessResponse.class))
        .getLastLogIndex();
  }

  private LogEntry withoutD(long index) {
    return change(index, 1, WITHOUT_D, D);
  }

  private LogEntry withoutCAndD(long index) {
    return change(index, 1, WITHOUT_C_AND_D, C);
  }

  private LogEntry change(long index, int term, List<RaftEndpoint> rest, RaftEndpoint removed) {
    return it.entry(index, term, it.removal(rest, removed));
  }

  private LogEntry tick(long index, int term) {
    return it.tick(index, term);
  }
}
