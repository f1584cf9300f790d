package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.microraft.model.message.AppendEntriesRequest;
import io.microraft.model.message.PreVoteRequest;
import io.microraft.model.message.PreVoteResponse;
import io.shardwell.raftgroup.Tuning;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Shows, on one replica whose peers say nothing but send bytes of a frame, that it neither stands
 * for election nor steps down meanwhile, that it does so one timeout after the last byte, and that
 * such bytes count for nothing else and not for ever.
 */
class SignsOfLifeTest {

  private static final int TIMEOUT = Tuning.DEFAULT.heartbeatTimeoutMillis();

  /** Of virtual time: the grid on which MicroRaft looks, and a survivor's turns. */
  private static final int SLACK = 500;

  private static final int STEP = 50;

  private final ReplicaFixture it = new ReplicaFixture("a", "b");

  @AfterEach
  void nothingBroke() {
    assertThat(it.faults).isEmpty();
  }

  private void follow() {
    it.append("a", 1, 0, 0, 0, 1);
    it.syncAll();
    assertThat(it.replica.leaderNodeId()).isEqualTo("a");
    assertThat(preVotesAsked()).isZero();
  }

  private void lead() {
    it.elect("a");
    it.syncAll();
    it.acknowledge("a", it.replica.term(), 1);
    it.syncAll();
    assertThat(it.replica.isEstablishedLeader()).isTrue();
  }

  private long preVotesAsked() {
    // The one of its start is no doubt in this leader.
    return it.all("b", PreVoteRequest.class).stream()
        .filter(request -> request.getTerm() > 1)
        .count();
  }

  /** Lets time pass in which bytes come from that node. */
  private void sendsBytes(String nodeId, long incarnation, int millis) {
    for (int i = 0; i < millis; i += STEP) {
      it.replica.signOfLife(nodeId, incarnation);
      it.loop.run(STEP);
    }
  }

  private void sendsBytes(String nodeId, int millis) {
    sendsBytes(nodeId, ReplicaFixture.endpoint(nodeId).incarnation(), millis);
  }

  @Test
  void aFollowerBelievesInALeaderWhoseFrameIsComing() {
    follow();
    sendsBytes("a", 3 * TIMEOUT);
    assertThat(preVotesAsked()).isZero();
    assertThat(it.replica.leaderNodeId()).isEqualTo("a");
    it.requestPreVote("b", 2, 1, 1000);
    it.syncAll();
    assertThat(Objects.requireNonNull(it.last("b", PreVoteResponse.class)).isGranted())
        .as("another's doubt in that leader is not shared")
        .isFalse();

    it.loop.run(TIMEOUT - 2L * STEP);
    assertThat(preVotesAsked()).isZero();
    it.loop.run(SLACK);
    assertThat(preVotesAsked()).as("a timeout after the last byte").isPositive();
  }

  @Test
  void withoutSuchBytesAFollowerDoubtsItsLeader() {
    follow();
    sendsBytes("b", TIMEOUT + SLACK);
    assertThat(preVotesAsked()).as("another node's frame").isPositive();
  }

  @Test
  void anotherIncarnationIsNotTheLeader() {
    follow();
    sendsBytes("a", 8, TIMEOUT + SLACK);
    assertThat(preVotesAsked()).isPositive();
  }

  @Test
  void afterABrokenLinkTheLeaderMustSpeakFirst() {
    follow();
    it.replica.linkBroken("a");
    sendsBytes("a", TIMEOUT + SLACK);
    assertThat(preVotesAsked()).isPositive();
  }

  /** The node may send large frames of other shards for ever, and no longer lead this one. */
  @Test
  void aFollowerDoubtsALeaderThatIsSilentForTooLong() {
    follow();
    sendsBytes("a", (SignsOfLife.MAX_TIMEOUTS + 1) * TIMEOUT + SLACK);
    assertThat(preVotesAsked()).isPositive();
  }

  /** What a node that is gone left in the kernel's buffers does not bring it back. */
  @Test
  void aLeaderWhoseProcessIsGoneIsNotBelievedIn() {
    follow();
    it.replica.linkBroken("a");
    it.replica.nodeIsGone("a");
    sendsBytes("a", SLACK);
    assertThat(preVotesAsked()).isPositive();
  }

  @Test
  void aLeaderBelievesInAFollowerWhoseFrameIsComing() {
    lead();
    long index = it.replica.commitIndex();
    it.replica.propose(
        io.shardwell.statemachine.Proposal.tick(it.state.stampMillis()),
        ProposalListener.INDIFFERENT);
    it.syncAll();
    long sent = it.count("a", AppendEntriesRequest.class);
    sendsBytes("a", 3 * TIMEOUT);
    assertThat(it.replica.isLeader()).isTrue();
    assertThat(it.replica.commitIndex()).as("bytes acknowledge nothing").isEqualTo(index);
    assertThat(it.count("a", AppendEntriesRequest.class))
        .as("what is not answered is sent again")
        .isGreaterThan(sent);

    it.loop.run(TIMEOUT + SLACK);
    assertThat(it.replica.isLeader()).as("a timeout after the last byte").isFalse();
  }

  /** Only the leader's own heartbeats wait for what this node has to say. */
  @Test
  void aLeaderBelievesInAFollowerToWhichItIsStillSending() {
    lead();
    for (int i = 0; i < 3 * TIMEOUT; i += STEP) {
      it.replica.answersLater("a", ReplicaFixture.endpoint("a").incarnation());
      it.loop.run(STEP);
    }
    assertThat(it.replica.isLeader()).isTrue();
    it.loop.run(TIMEOUT + SLACK);
    assertThat(it.replica.isLeader()).isFalse();
  }

  @Test
  void aFollowerDoubtsASilentLeaderToWhichItIsStillSending() {
    follow();
    for (int i = 0; i < TIMEOUT + SLACK; i += STEP) {
      it.replica.answersLater("a", ReplicaFixture.endpoint("a").incarnation());
      it.loop.run(STEP);
    }
    assertThat(preVotesAsked()).isPositive();
  }

  @Test
  void aLeaderDoesNotBelieveInFollowersThatHaveNotAnswered() {
    lead();
    sendsBytes("b", TIMEOUT + SLACK);
    assertThat(it.replica.isLeader()).isFalse();
  }

  @Test
  void aLeaderStepsDownIfItsFollowersAreSilentForTooLong() {
    lead();
    sendsBytes("a", (SignsOfLife.MAX_TIMEOUTS + 1) * TIMEOUT + SLACK);
    assertThat(it.replica.isLeader()).isFalse();
  }
}
