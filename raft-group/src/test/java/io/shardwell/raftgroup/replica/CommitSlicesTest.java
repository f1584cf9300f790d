package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.microraft.model.message.VoteRequest;
import io.shardwell.raftgroup.Tuning;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a follower learns to be committed at once is applied little by little, and all of it. */
class CommitSlicesTest {

  /** What is applied with a heartbeat. */
  private static final int FREE = 32;

  /** Some slices more. */
  private static final int ENTRIES = 6 * Tuning.DEFAULT.applySliceEntries();

  private final ReplicaFixture it = new ReplicaFixture("a", "b");

  /** So that MicroRaft's ring has room, and no snapshot comes by itself. */
  @BeforeEach
  void makeRoom() {
    it.commitCountToTakeSnapshot = 2 * ENTRIES;
    it.restart();
  }

  /** The whole log was applied before the heartbeat that said so returned. */
  @Test
  void oneHeartbeatMakesAFollowerApplyASliceAtATime() {
    follow();
    heartbeat(ENTRIES);
    assertThat(it.replica.commitIndex()).isEqualTo(FREE);
    assertThat(it.replica.appliedIndex()).isEqualTo(FREE);
    it.loop.run(20);
    assertThat(it.replica.commitIndex()).isEqualTo(ENTRIES);
    assertThat(it.replica.appliedIndex()).isEqualTo(ENTRIES);
    assertThat(it.faults).isEmpty();
  }

  @Test
  void soDoesTheFirstOneAfterARestart() {
    follow();
    heartbeat(ENTRIES);
    it.loop.run(20);
    it.restart();
    assertThat(it.replica.commitIndex()).isZero();
    heartbeat(ENTRIES);
    assertThat(it.replica.appliedIndex()).isEqualTo(FREE);
    it.loop.run(20);
    assertThat(it.replica.appliedIndex()).isEqualTo(ENTRIES);
  }

  /** MicroRaft takes the commit index back to the last entry of a request that says more. */
  @Test
  void aRequestThatComesAgainMeanwhileTakesNothingBack() {
    follow();
    heartbeat(ENTRIES);
    int[] again = new int[10];
    Arrays.fill(again, 1);
    it.append("a", 1, 20, 1, ENTRIES, again);
    assertThat(it.replica.commitIndex()).isEqualTo(FREE);
    it.loop.run(20);
    assertThat(it.replica.commitIndex()).isEqualTo(ENTRIES);
    assertThat(it.faults).isEmpty();
  }

  /** What does not match the log says nothing about it. */
  @Test
  void aRequestThatDoesNotMatchCommitsNothing() {
    follow();
    it.append("b", 2, ENTRIES, 2, ENTRIES);
    it.loop.run(20);
    assertThat(it.replica.commitIndex()).isZero();
  }

  /** Until it stands for election it goes on, and its first own entry commits what is left. */
  @Test
  void whoComesToLeadMeanwhileAppliesAllOfIt() {
    follow();
    it.syncAll();
    heartbeat(ENTRIES);
    it.replica.nodeIsGone("a");
    assertThat(it.replica.commitIndex()).isEqualTo(FREE);
    it.elect("b");
    it.syncAll();
    int term = it.replica.term();
    it.acknowledge("b", term, ENTRIES);
    it.acknowledge("b", term, ENTRIES + 1);
    assertThat(it.replica.isEstablishedLeader()).isTrue();
    assertThat(it.replica.commitIndex()).isEqualTo(ENTRIES + 1);
  }

  /** Nobody may be there to say what is committed, and for long. */
  @Test
  void whoKnowsOfNoLeaderIsNotCatchingUp() {
    follow();
    it.syncAll();
    it.restart();
    assertThat(it.replica.isBehind()).isTrue();
    assertThat(it.replica.isCatchingUp()).isFalse();
    heartbeat(ENTRIES);
    assertThat(it.replica.isCatchingUp()).isTrue();
    it.loop.run(20);
    assertThat(it.replica.isCatchingUp()).isFalse();
  }

  /** With its own first entry it would apply all the rest at once. */
  @Test
  void whoHasMuchToApplyDoesNotLeadWhenAsked() {
    follow();
    heartbeat(ENTRIES);
    assertThat(it.replica.isBehind()).isTrue();
    long before = it.count("b", VoteRequest.class);
    callToLead();
    assertThat(it.count("b", VoteRequest.class)).isEqualTo(before);
    it.loop.run(20);
    assertThat(it.replica.isBehind()).isFalse();
    callToLead();
    it.syncAll();
    assertThat(it.count("b", VoteRequest.class)).isGreaterThan(before);
  }

  /**
   * What lies behind such a snapshot would count as none, and be applied again by the next life.
   */
  @Test
  void whoHasMuchToApplyTakesNoSnapshot() {
    follow();
    heartbeat(ENTRIES);
    assertThat(it.replica.takeSnapshot()).isFalse();
    it.loop.run(20);
    assertThat(it.replica.takeSnapshot()).isTrue();
  }

  private void callToLead() {
    it.receive(
        it.models
            .createTriggerLeaderElectionRequestBuilder()
            .setGroupId(ReplicaFixture.GROUP)
            .setSender(ReplicaFixture.endpoint("a"))
            .setTerm(1)
            .setLastLogTerm(1)
            .setLastLogIndex(ENTRIES)
            .build());
  }

  private void follow() {
    int[] terms = new int[ENTRIES];
    Arrays.fill(terms, 1);
    it.append("a", 1, 0, 0, 0, terms);
    it.syncAll();
    assertThat(it.replica.lastIndex()).isEqualTo(ENTRIES);
    assertThat(it.replica.commitIndex()).isZero();
  }

  private void heartbeat(long commit) {
    it.append("a", 1, ENTRIES, 1, commit);
  }
}
