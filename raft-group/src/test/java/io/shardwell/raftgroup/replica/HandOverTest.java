package io.shardwell.raftgroup.replica;

import static io.shardwell.raftgroup.replica.ReplicaFixture.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import io.microraft.model.message.AppendEntriesRequest;
import io.microraft.model.message.TriggerLeaderElectionRequest;
import io.shardwell.statemachine.Proposal;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A leader that hands over under load: whatever is being written at that moment, the successor is
 * asked as soon as it is committed, and if that takes too long the leader goes on. Peers and disk
 * are played by the test.
 */
class HandOverTest {

  private final ReplicaFixture it = new ReplicaFixture("a", "b");
  private final List<String> outcomes = new ArrayList<>();

  @AfterEach
  void nothingBroke() {
    assertThat(it.faults).isEmpty();
  }

  @Test
  void theSuccessorIsAskedInTheMomentOfTheLastCommit() {
    lead();
    propose();
    propose();
    handOverToB();
    it.syncAll();
    assertThat(it.count("b", TriggerLeaderElectionRequest.class)).isZero();
    propose();
    assertThat(outcomes).as("the two are under way").containsExactly("not applied");
    long before = it.loop.nanoTime();
    acknowledgeAll("a");
    assertThat(outcomes).containsExactly("not applied", "applied 2", "applied 3");
    assertThat(it.loop.nanoTime() - before).as("nanoseconds waited for").isZero();
    TriggerLeaderElectionRequest asked =
        Objects.requireNonNull(it.last("b", TriggerLeaderElectionRequest.class));
    assertThat(asked.getLastLogIndex()).isEqualTo(3);
    assertThat(asked.getTerm()).isEqualTo(it.replica.term());
    AppendEntriesRequest entries = Objects.requireNonNull(it.last("b", AppendEntriesRequest.class));
    assertThat(entries.getPreviousLogIndex() + entries.getLogEntries().size())
        .as("on the same link, in front of it: all that the successor needs")
        .isEqualTo(3);
  }

  @Test
  void aLeaderWithNothingToWaitForAsksAtOnce() {
    lead();
    handOverToB();
    it.syncAll();
    assertThat(it.count("b", TriggerLeaderElectionRequest.class)).isOne();
  }

  @Test
  void aLeaderWhoseLastEntryIsNotCommittedSoonGoesOn() {
    lead();
    propose();
    handOverToB();
    it.loop.run(199);
    propose();
    assertThat(outcomes).containsExactly("not applied");
    it.loop.run(2);
    propose();
    it.syncAll();
    acknowledgeAll("a");
    assertThat(outcomes).containsExactly("not applied", "applied 2", "applied 3");
    assertThat(it.count("b", TriggerLeaderElectionRequest.class)).isZero();
  }

  /** MicroRaft gives up after a heartbeat timeout. */
  @Test
  void aSuccessorThatNeverComesLeavesTheLeaderInOffice() {
    lead();
    handOverToB();
    it.syncAll();
    for (int i = 0; i < 10; i++) {
      it.loop.run(100);
      acknowledgeAll("a"); // The heartbeats.
    }
    propose();
    it.syncAll();
    acknowledgeAll("a");
    assertThat(outcomes).containsExactly("applied 2");
  }

  /** Seen with a successor that was stopping itself: writes stood still for 700 ms. */
  @Test
  void aSuccessorWhoseLinkBreaksIsNotWaitedFor() {
    lead();
    handOverToB();
    it.syncAll();
    assertThat(it.count("b", TriggerLeaderElectionRequest.class)).isOne();
    it.replica.linkBroken("a");
    propose();
    assertThat(outcomes).as("another's link").containsExactly("not applied");
    it.replica.linkBroken("b");
    propose();
    it.syncAll();
    acknowledgeAll("a");
    assertThat(outcomes).containsExactly("not applied", "applied 2");
  }

  /**
   * Simulated: an heir whose disk stood still kept its shard from taking writes for 600 ms, and
   * deposed the leader when it woke up.
   */
  @Test
  void ifTheHeirDoesNotComeAnotherIsAskedAndNoThird() {
    lead();
    it.replica.transferLeadership(List.of(endpoint("b")), List.of(endpoint("b"), endpoint("a")));
    it.syncAll();
    it.loop.run(39);
    assertThat(it.count("a", TriggerLeaderElectionRequest.class)).isZero();
    it.loop.run(2);
    it.syncAll();
    TriggerLeaderElectionRequest asked =
        Objects.requireNonNull(it.last("a", TriggerLeaderElectionRequest.class));
    assertThat(asked.getLastLogIndex()).isEqualTo(it.replica.lastIndex());
    long first = it.count("b", TriggerLeaderElectionRequest.class);
    for (int i = 0; i < 3; i++) {
      it.loop.run(100);
      acknowledgeAll("a"); // The heartbeats.
      propose();
    }
    assertThat(it.count("b", TriggerLeaderElectionRequest.class)).isEqualTo(first);
    assertThat(outcomes).as("nobody could be elected").containsOnly("not applied");
    it.requestVote("a", it.replica.term() + 1);
    it.syncAll();
    assertThat(it.replica.isLeader()).isFalse();
  }

  @Test
  void whoLacksTheLastEntryIsNoSubstitute() {
    lead();
    propose();
    it.acknowledge("b", it.replica.term(), 2);
    it.syncAll();
    it.replica.transferLeadership(List.of(endpoint("b")), List.of(endpoint("a")));
    it.loop.run(90);
    it.syncAll();
    assertThat(it.count("b", TriggerLeaderElectionRequest.class)).isOne();
    assertThat(it.count("a", TriggerLeaderElectionRequest.class)).isZero();
  }

  @Test
  void ofSeveralHeirsTheOneThatHasEverythingIsAsked() {
    lead();
    propose();
    it.replica.transferLeadership(List.of(endpoint("b"), endpoint("a")), List.of());
    it.syncAll();
    acknowledgeAll("a");
    assertThat(it.count("a", TriggerLeaderElectionRequest.class)).isOne();
    assertThat(it.count("b", TriggerLeaderElectionRequest.class)).isZero();
  }

  @Test
  void anHeirWhoseLinkBreaksBeforeItIsAskedIsLeftOut() {
    lead();
    propose();
    it.replica.transferLeadership(List.of(endpoint("b"), endpoint("a")), List.of());
    it.replica.linkBroken("b");
    propose();
    assertThat(outcomes).containsExactly("not applied");
    it.replica.linkBroken("a");
    propose();
    it.syncAll();
    acknowledgeAll("a");
    assertThat(outcomes).containsExactly("not applied", "applied 2", "applied 3");
  }

  @Test
  void whoIsVotedOutInTheMeantimeTakesProposalsAgainWhenElected() {
    lead();
    propose();
    handOverToB();
    it.requestVote("b", it.replica.term() + 1);
    it.syncAll();
    assertThat(it.replica.isLeader()).isFalse();
    it.elect("a");
    it.syncAll();
    it.acknowledge("a", it.replica.term(), 1); // Matches; the leader sends the rest.
    it.syncAll();
    acknowledgeAll("a");
    outcomes.clear();
    propose();
    it.syncAll();
    acknowledgeAll("a");
    assertThat(outcomes).containsExactly("applied " + it.replica.lastIndex());
  }

  private void handOverToB() {
    it.replica.transferLeadership(List.of(endpoint("b")), List.of());
  }

  private void lead() {
    it.elect("a");
    it.syncAll();
    it.acknowledge("a", it.replica.term(), 1);
    assertThat(it.replica.isEstablishedLeader()).isTrue();
  }

  /** Acknowledges whatever is sent, until everything is. */
  private void acknowledgeAll(String follower) {
    for (int i = 0; i < 3; i++) {
      AppendEntriesRequest last =
          Objects.requireNonNull(it.last(follower, AppendEntriesRequest.class));
      it.acknowledge(
          follower, it.replica.term(), last.getPreviousLogIndex() + last.getLogEntries().size());
      it.syncAll();
    }
  }

  private void propose() {
    it.replica.propose(
        Proposal.tick(it.state.stampMillis()),
        new ProposalListener() {
          @Override
          public void applied(long index, Object result) {
            outcomes.add("applied " + index);
          }

          @Override
          public void notApplied() {
            outcomes.add("not applied");
          }
        });
    it.loop.run(0);
    it.syncAll();
  }
}
