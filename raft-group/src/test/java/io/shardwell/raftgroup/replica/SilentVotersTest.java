package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.microraft.MembershipChangeMode;
import io.microraft.RaftEndpoint;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.statemachine.Proposal;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Shows, on one leader whose peers are played by the test, that it leads on only as long as it
 * hears a true majority of the voters: half of four is none, a learner is no voter, what waits for
 * a disk was heard, and what its own process has slept through is nobody's silence.
 */
class SilentVotersTest {

  private static final int TIMEOUT = Tuning.DEFAULT.heartbeatTimeoutMillis();
  private static final int HEARTBEAT = 1000 / Tuning.MICRORAFT_TIME_SCALE;

  /** Of virtual time: the grid on which MicroRaft looks, and one look more. */
  private static final int SLACK = 300;

  /**
   * Lets time pass in which these peers answer at every heartbeat, and acknowledge nothing that is
   * not committed: MicroRaft hears of such an answer at once.
   */
  private static void answer(ReplicaFixture it, int millis, String... peers) {
    for (int i = 0; i < millis; i += HEARTBEAT) {
      for (String peer : peers) {
        it.acknowledge(peer, it.replica.term(), it.replica.commitIndex());
      }
      it.loop.run(HEARTBEAT);
    }
  }

  private static void acknowledge(ReplicaFixture it, String peer) {
    it.acknowledge(peer, it.replica.term(), it.replica.lastIndex());
  }

  /** Its term's first entry is committed. */
  private static ReplicaFixture leader(String... peers) {
    ReplicaFixture it = new ReplicaFixture(peers);
    lead(it, peers);
    return it;
  }

  private static void lead(ReplicaFixture it, String... peers) {
    it.elect(peers);
    it.syncAll();
    for (String peer : peers) {
      acknowledge(it, peer);
    }
    it.syncAll();
    assertThat(it.replica.isEstablishedLeader()).isTrue();
  }

  private static void propose(ReplicaFixture it, List<String> outcomes) {
    it.replica.propose(
        Proposal.tick(it.state.stampMillis()),
        new ProposalListener() {
          @Override
          public void applied(long index, Object result) {
            outcomes.add("applied");
          }

          @Override
          public void notApplied() {
            outcomes.add("not applied");
          }
        });
  }

  @Test
  void aLeaderThatHearsHalfOfFourVotersStepsDown() {
    ReplicaFixture it = leader("a", "b", "c");
    int term = it.replica.term();
    List<String> outcomes = new ArrayList<>();
    propose(it, outcomes);
    it.syncAll();
    answer(it, TIMEOUT - HEARTBEAT, "a");
    assertThat(it.replica.isLeader()).as("it has the timeout").isTrue();
    answer(it, SLACK, "a");
    assertThat(it.replica.isLeader()).isFalse();
    assertThat(it.replica.leaderNodeId()).isNull();
    assertThat(it.replica.term()).as("nobody was elected").isEqualTo(term);
    assertThat(outcomes).as("whoever proposes is told").containsExactly("not applied");
    assertThat(it.faults).isEmpty();
  }

  @Test
  void aLeaderThatHearsThreeOfFourVotersLeadsOn() {
    ReplicaFixture it = leader("a", "b", "c");
    answer(it, 4 * TIMEOUT, "a", "b");
    assertThat(it.replica.isLeader()).isTrue();
    assertThat(it.faults).isEmpty();
  }

  /** Each of the others is silent for most of the timeout, as behind a slow disk. */
  @Test
  void voterThatAnswersNowAndThenIsHeard() {
    ReplicaFixture it = leader("a", "b", "c");
    for (int i = 0; i < 8; i++) {
      answer(it, HEARTBEAT, "a", i % 2 == 0 ? "b" : "c");
      answer(it, TIMEOUT / 2, "a");
    }
    assertThat(it.replica.isLeader()).isTrue();
    answer(it, TIMEOUT + SLACK, "a");
    assertThat(it.replica.isLeader()).isFalse();
    assertThat(it.faults).isEmpty();
  }

  @Test
  void fourOfSixVotersAreAMajorityAndThreeAreNot() {
    ReplicaFixture it = leader("a", "b", "c", "d", "e");
    answer(it, 2 * TIMEOUT, "a", "b", "c");
    assertThat(it.replica.isLeader()).isTrue();
    answer(it, TIMEOUT + SLACK, "a", "b");
    assertThat(it.replica.isLeader()).isFalse();
    assertThat(it.faults).isEmpty();
  }

  /** MicroRaft does not see them: the third voter's has not come, and they wait for it. */
  @Test
  void anAnswerThatWaitsInTheGateIsHeard() {
    ReplicaFixture it = leader("a", "b", "c");
    long committed = it.replica.commitIndex();
    propose(it, new ArrayList<>());
    it.syncAll();
    for (int i = 0; i < 3 * TIMEOUT; i += HEARTBEAT) {
      acknowledge(it, "a"); // Of what only these two hold.
      it.acknowledge("b", it.replica.term(), committed);
      it.loop.run(HEARTBEAT);
    }
    assertThat(it.replica.commitIndex()).isEqualTo(committed);
    assertThat(it.replica.isLeader()).isTrue();
    assertThat(it.faults).isEmpty();
  }

  @Test
  void aLearnerDoesNotKeepALeaderInOffice() {
    ReplicaFixture it = leaderWithLearner();
    answer(it, TIMEOUT - HEARTBEAT, "learner");
    assertThat(it.replica.isLeader()).isTrue();
    answer(it, SLACK, "learner");
    assertThat(it.replica.isLeader()).isFalse();
    assertThat(it.faults).isEmpty();
  }

  @Test
  void aVoterBesideALearnerDoes() {
    ReplicaFixture it = leaderWithLearner();
    answer(it, 3 * TIMEOUT, "a");
    assertThat(it.replica.isLeader()).isTrue();
    assertThat(it.faults).isEmpty();
  }

  /** Of three voters; a fourth member does not vote. */
  private static ReplicaFixture leaderWithLearner() {
    ReplicaFixture it = new ReplicaFixture("a", "b", "learner");
    List<RaftEndpoint> voters = List.copyOf(it.members.subList(0, 3));
    Object learner =
        it.models
            .createUpdateRaftGroupMembersOpBuilder()
            .setMembers(List.copyOf(it.members))
            .setVotingMembers(voters)
            .setEndpoint(ReplicaFixture.endpoint("learner"))
            .setMode(MembershipChangeMode.ADD_LEARNER)
            .build();
    it.append("a", 1, 0, 0, 0, List.of(it.entry(1, 1, learner)));
    it.append("a", 1, 1, 1, 1);
    it.syncAll();
    lead(it, "a", "b");
    assertThat(it.replica.voters()).containsExactlyInAnyOrderElementsOf(voters);
    assertThat(it.replica.members()).contains(ReplicaFixture.endpoint("learner"));
    return it;
  }

  @Test
  void oneOfTwoOthersIsEnoughForThreeVoters() {
    ReplicaFixture it = leader("a", "b");
    answer(it, 4 * TIMEOUT, "a");
    assertThat(it.replica.isLeader()).isTrue();
    it.loop.run(TIMEOUT + SLACK);
    assertThat(it.replica.isLeader()).isFalse();
    assertThat(it.faults).isEmpty();
  }

  @Test
  void anOnlyVoterLeadsOn() {
    ReplicaFixture it = new ReplicaFixture();
    assertThat(it.loop.until(it.replica::isLeader, 20_000)).isTrue();
    it.syncAll();
    it.loop.run(4L * TIMEOUT);
    assertThat(it.replica.isLeader()).isTrue();
    assertThat(it.faults).isEmpty();
  }

  /** A broken link says nothing of how long its voter is silent. */
  @Test
  void aVoterWhoseLinkBrokeHasTheTimeoutToComeBack() {
    ReplicaFixture it = leader("a", "b", "c");
    answer(it, 2 * TIMEOUT, "a", "b");
    it.replica.linkBroken("b");
    answer(it, TIMEOUT - HEARTBEAT, "a");
    assertThat(it.replica.isLeader()).isTrue();
    answer(it, 2 * TIMEOUT, "a", "b");
    assertThat(it.replica.isLeader()).isTrue();
    assertThat(it.faults).isEmpty();
  }

  @Test
  void aVoterWhoseLargeFrameIsComingIsHeard() {
    ReplicaFixture it = leader("a", "b", "c");
    for (int i = 0; i < 3 * TIMEOUT; i += HEARTBEAT) {
      acknowledge(it, "a");
      it.replica.signOfLife("b", ReplicaFixture.endpoint("b").incarnation());
      it.loop.run(HEARTBEAT);
    }
    assertThat(it.replica.isLeader()).isTrue();
    answer(it, TIMEOUT + SLACK, "a");
    assertThat(it.replica.isLeader()).isFalse();
    assertThat(it.faults).isEmpty();
  }

  /**
   * This process stands still for seconds. The first answer is read before its late timer runs,
   * which is all that MicroRaft asks for; the second lies in its socket until then.
   */
  @Test
  void whatThisProcessSleptThroughIsNobodysSilence() {
    ReplicaFixture it = leader("a", "b", "c");
    answer(it, 2 * TIMEOUT, "a", "b");
    it.loop.pause(10L * TIMEOUT);
    acknowledge(it, "a");
    it.loop.run(HEARTBEAT / 2);
    assertThat(it.replica.isLeader()).isTrue();
    answer(it, 2 * TIMEOUT, "a", "b");
    assertThat(it.replica.isLeader()).isTrue();
    assertThat(it.faults).isEmpty();
  }

  /** In its next term it has the whole timeout again. */
  @Test
  void aLeadershipBeginsWithoutSilence() {
    ReplicaFixture it = leader("a", "b", "c");
    answer(it, TIMEOUT + SLACK, "a");
    assertThat(it.replica.isLeader()).isFalse();
    it.syncAll(); // Its term is written again, and nobody is asked for a vote before that.
    lead(it, "a", "b");
    answer(it, TIMEOUT - HEARTBEAT, "a");
    assertThat(it.replica.isLeader()).isTrue();
    assertThat(it.faults).isEmpty();
  }
}
