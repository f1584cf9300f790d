package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.microraft.model.message.AppendEntriesSuccessResponse;
import io.microraft.model.message.PreVoteRequest;
import io.microraft.model.message.VoteRequest;
import io.microraft.model.message.VoteResponse;
import io.shardwell.statemachine.Proposal;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A replica whose node stands aside: whatever its peers say and however long it lasts, its log does
 * not grow; afterwards it goes on like a process that was stopped for a while. Peers and disk are
 * played by the test.
 */
class StandstillTest {

  private final ReplicaFixture it = new ReplicaFixture("a", "b");

  @AfterEach
  void nothingBroke() {
    assertThat(it.faults).isEmpty();
  }

  @Test
  void aFollowerAppendsNothingAndDoesNotVote() {
    it.append("a", 1, 0, 0, 0, 1, 1);
    it.syncAll();
    int term = it.replica.term();
    long written = standAside(it);
    long acknowledged = it.count("a", AppendEntriesSuccessResponse.class);
    long asked = it.count("b", PreVoteRequest.class);
    it.append("a", 1, 2, 1, 2, 1, 1, 1);
    it.requestVote("b", 9);
    it.loop.run(20_000);
    assertNothingWritten(it, written);
    assertThat(it.count("a", AppendEntriesSuccessResponse.class)).isEqualTo(acknowledged);
    assertThat(it.count("b", VoteResponse.class)).isZero();
    assertThat(it.count("b", PreVoteRequest.class)).isEqualTo(asked);
    assertThat(it.replica.term()).isEqualTo(term);
    assertThat(it.replica.leaderNodeId()).isNull();

    it.replica.takePart();
    it.append("a", 1, 2, 1, 2, 1, 1, 1);
    it.syncAll();
    assertThat(it.replica.lastIndex()).isEqualTo(5);
    assertThat(lastAck().getLastLogIndex()).isEqualTo(5);
  }

  @Test
  void whatWasHeldForTheDiskStillLeaves() {
    it.append("a", 1, 0, 0, 0, 1, 1);
    assertThat(it.count("a", AppendEntriesSuccessResponse.class)).isZero();
    it.replica.standAside();
    it.syncAll();
    assertThat(lastAck().getLastLogIndex()).as("true, and durable").isEqualTo(2);
  }

  @Test
  void aLeaderSaysThatItLeadsNoMoreAndTakesNothing() {
    int term = lead();
    long commit = it.replica.commitIndex();
    List<String> outcomes = new ArrayList<>();
    propose(it, outcomes);
    it.syncAll();
    long written = standAside(it);
    assertThat(it.replica.isLeader()).isFalse();
    assertThat(it.replica.isEstablishedLeader()).isFalse();
    assertThat(it.replica.role()).isEqualTo("follower");
    it.acknowledge("a", term, it.replica.lastIndex());
    it.acknowledge("b", term, it.replica.lastIndex());
    propose(it, outcomes);
    it.replica.takeSnapshot();
    it.loop.run(20_000);
    assertNothingWritten(it, written);
    assertThat(it.replica.commitIndex()).isEqualTo(commit);
    assertThat(outcomes).as("the second is refused, the first is open").containsExactly("refused");

    it.replica.takePart();
    it.syncAll();
    assertThat(it.replica.isLeader()).as("its quorum was silent for too long").isFalse();
    assertThat(outcomes).containsExactly("refused", "refused");
  }

  /** An acknowledgement that waits for the leader's own disk is a step not yet taken. */
  @Test
  void anAcknowledgementInTheGateCountsNoMore() {
    int term = lead();
    long commit = it.replica.commitIndex();
    propose(it, new ArrayList<>());
    it.acknowledge("a", term, it.replica.lastIndex());
    it.replica.standAside();
    it.syncAll();
    assertThat(it.replica.commitIndex()).isEqualTo(commit);
  }

  /** Cut off only, a candidate would begin a term, and write it, at each election timeout. */
  @Test
  void aCandidateBeginsNoTerms() {
    it.loop.until(() -> it.last("a", PreVoteRequest.class) != null, 20_000);
    int term = Objects.requireNonNull(it.last("a", PreVoteRequest.class)).getTerm();
    it.grantPreVote("a", term);
    it.syncAll();
    assertThat(it.count("a", VoteRequest.class)).isOne();
    int candidates = it.replica.term();
    long written = standAside(it);
    it.loop.run(20_000);
    assertNothingWritten(it, written);
    assertThat(it.replica.term()).isEqualTo(candidates);
    it.replica.takePart();
    it.loop.run(5_000);
    it.syncAll();
    assertThat(it.replica.term()).as("it tries again").isGreaterThan(candidates);
  }

  @Test
  void aRestartWhileStandingAsideForgetsNothing() {
    it.append("a", 3, 0, 0, 0, 3, 3);
    it.syncAll();
    it.replica.standAside();
    it.requestVote("b", 9);
    it.syncAll();
    it.restart();
    assertThat(it.replica.term()).isEqualTo(3);
    assertThat(it.replica.lastIndex()).isEqualTo(2);
  }

  /** Nobody could take its place: it goes on answering reads. */
  @Test
  void anOnlyVoterLeadsOnAndRefusesProposals() {
    ReplicaFixture alone = new ReplicaFixture();
    alone.loop.until(() -> alone.replica.isLeader(), 20_000);
    alone.syncAll();
    assertThat(alone.replica.isEstablishedLeader()).isTrue();
    long written = standAside(alone);
    List<String> outcomes = new ArrayList<>();
    propose(alone, outcomes);
    alone.loop.run(20_000);
    assertNothingWritten(alone, written);
    assertThat(outcomes).containsExactly("refused");
    assertThat(alone.replica.isEstablishedLeader()).isTrue();
    alone.replica.takePart();
    propose(alone, outcomes);
    alone.syncAll();
    assertThat(outcomes).containsExactly("refused", "applied");
    assertThat(alone.faults).isEmpty();
  }

  private static long standAside(ReplicaFixture fixture) {
    fixture.replica.standAside();
    fixture.syncAll();
    return fixture.storage.log().appendedPosition();
  }

  private static void assertNothingWritten(ReplicaFixture fixture, long before) {
    assertThat(fixture.storage.log().appendedPosition()).isEqualTo(before);
    assertThat(fixture.storage.log().hasUnsynced()).isFalse();
  }

  private int lead() {
    it.elect("a");
    it.syncAll();
    int term = it.replica.term();
    it.acknowledge("a", term, it.replica.lastIndex());
    it.syncAll();
    assertThat(it.replica.isEstablishedLeader()).isTrue();
    return term;
  }

  private static void propose(ReplicaFixture fixture, List<String> outcomes) {
    fixture.replica.propose(
        Proposal.tick(fixture.loop.wallClockMillis()),
        new ProposalListener() {
          @Override
          public void applied(long index, Object result) {
            outcomes.add("applied");
          }

          @Override
          public void notApplied() {
            outcomes.add("refused");
          }
        });
  }

  private AppendEntriesSuccessResponse lastAck() {
    return Objects.requireNonNull(it.last("a", AppendEntriesSuccessResponse.class));
  }
}
