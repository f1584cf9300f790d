package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.microraft.model.message.AppendEntriesRequest;
import io.shardwell.statemachine.Proposal;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What a leader tells its followers when an entry is committed: nothing of its own if more entries
 * follow, the commit index soon if none do, and nothing once it leads no more. Followers and disk
 * are played by the test, the clock is virtual.
 */
class CommitNewsTest {

  private static final long LONGEST_MILLIS = 2 * CommitNews.GRID_MILLIS;

  private final ReplicaFixture it = new ReplicaFixture("a", "b");
  private int term;

  @BeforeEach
  void leadWithOneEntryCommitted() {
    it.elect("a");
    it.syncAll();
    term = it.replica.term();
    acknowledgeAll();
    assertThat(it.replica.isEstablishedLeader()).isTrue();
    // Past a heartbeat: the next one is 100 ms away.
    long before = it.count("a", AppendEntriesRequest.class);
    assertThat(it.loop.until(() -> it.count("a", AppendEntriesRequest.class) > before + 1, 500))
        .isTrue();
  }

  @AfterEach
  void nothingBroke() {
    assertThat(it.faults).isEmpty();
  }

  @Test
  void entriesThatFollowSoonCarryTheCommitIndex() {
    long before = it.count("a", AppendEntriesRequest.class);
    for (int i = 1; i <= 20; i++) {
      long committed = it.replica.commitIndex();
      propose();
      assertThat(lastTo("a").getCommitIndex()).isEqualTo(committed);
      assertThat(lastTo("b").getCommitIndex()).isEqualTo(committed);
      acknowledgeAll();
      assertThat(it.replica.commitIndex()).isEqualTo(committed + 1);
      it.loop.run(2);
      assertThat(it.count("a", AppendEntriesRequest.class))
          .as("one for each")
          .isEqualTo(before + i);
    }
  }

  @Test
  void withoutMoreEntriesFollowersHearOfItWithinMilliseconds() {
    propose();
    long before = it.count("a", AppendEntriesRequest.class);
    acknowledgeAll();
    it.loop.run(LONGEST_MILLIS);
    for (String follower : new String[] {"a", "b"}) {
      AppendEntriesRequest told = lastTo(follower);
      assertThat(told.getLogEntries()).isEmpty();
      assertThat(told.getCommitIndex()).isEqualTo(it.replica.commitIndex());
      assertThat(told.getPreviousLogIndex()).isEqualTo(it.replica.lastIndex());
    }
    it.loop.run(LONGEST_MILLIS);
    assertThat(it.count("a", AppendEntriesRequest.class)).as("once").isEqualTo(before + 1);
  }

  @Test
  void aLeaderOfTheNextTermDoesNotRepeatWhatItHeldInThisOne() {
    propose();
    acknowledgeAll();
    long before = it.count("b", AppendEntriesRequest.class);
    it.requestVote("a", term + 1);
    it.syncAll();
    assertThat(it.replica.isLeader()).isFalse();
    it.loop.run(LONGEST_MILLIS);
    assertThat(it.count("b", AppendEntriesRequest.class)).isEqualTo(before);
  }

  @Test
  void whatWaitedForALinkIsLostWithIt() {
    propose();
    acknowledgeAll();
    long toA = it.count("a", AppendEntriesRequest.class);
    long toB = it.count("b", AppendEntriesRequest.class);
    it.replica.linkBroken("a");
    it.loop.run(LONGEST_MILLIS);
    assertThat(it.count("a", AppendEntriesRequest.class)).isEqualTo(toA);
    assertThat(it.count("b", AppendEntriesRequest.class)).isEqualTo(toB + 1);
  }

  @Test
  void heartbeatsGoOutAsBefore() {
    long before = it.count("b", AppendEntriesRequest.class);
    it.loop.run(500);
    assertThat(it.count("b", AppendEntriesRequest.class) - before).isBetween(4L, 6L);
  }

  private void propose() {
    it.replica.propose(Proposal.tick(it.loop.wallClockMillis()), ProposalListener.INDIFFERENT);
    it.syncAll();
  }

  private void acknowledgeAll() {
    it.acknowledge("a", term, it.replica.lastIndex());
    it.acknowledge("b", term, it.replica.lastIndex());
    it.syncAll();
  }

  private AppendEntriesRequest lastTo(String follower) {
    return Objects.requireNonNull(it.last(follower, AppendEntriesRequest.class));
  }
}
