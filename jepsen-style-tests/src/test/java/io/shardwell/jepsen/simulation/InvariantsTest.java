package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.NodeStatus;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Shows, by hand-made reports of one replica, that each broken order of its indexes is told. */
class InvariantsTest {
  private final Object process = new Object();
  private final Invariants invariants = new Invariants();

  @Test
  void aReplicaThatGoesForwardIsSound() {
    assertThat(invariants.check(process, at(3, 3, 5))).isNull();
    assertThat(invariants.check(process, at(5, 5, 5))).isNull();
  }

  @Test
  void whatIsAppliedIsWhatIsCommitted() {
    assertThat(invariants.check(process, at(3, 4, 5))).contains("applied, committed, appended");
    assertThat(invariants.check(new Object(), at(4, 3, 5))).contains("applied, committed");
  }

  @Test
  void nothingIsCommittedThatIsNotAppended() {
    assertThat(invariants.check(process, at(6, 6, 5))).contains("applied, committed, appended");
  }

  @Test
  void aProcessDoesNotForgetThatAnEntryIsCommitted() {
    assertThat(invariants.check(process, at(5, 5, 5))).isNull();
    assertThat(invariants.check(process, at(4, 4, 5))).contains("went back");
    assertThat(invariants.check(new Object(), at(4, 4, 5))).as("a later life").isNull();
  }

  private static NodeStatus at(long commit, long applied, long last) {
    return new NodeStatus(
        "n1",
        1,
        "",
        true,
        "",
        0,
        1,
        1,
        List.of(),
        List.of(
            new NodeStatus.ReplicaStatus(
                0,
                0,
                16_383,
                "follower",
                "n2",
                1,
                commit,
                applied,
                last,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                7,
                "",
                0,
                0)),
        0,
        new NodeStatus.DiskStatus(-1, 0, false, false),
        0,
        0);
  }
}
