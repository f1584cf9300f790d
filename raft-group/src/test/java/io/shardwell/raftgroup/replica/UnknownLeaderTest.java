package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The leader was taken in after this replica's configuration: it sends what must be fetched before
 * this replica can know that.
 */
class UnknownLeaderTest {

  private final ReplicaFixture it = new ReplicaFixture(List.of("a", "b"), List.of("a", "b", "c"));

  @AfterEach
  void nothingBroke() {
    assertThat(it.faults).isEmpty();
  }

  /** MicroRaft forgot it at each of its own heartbeats, until the leader's next message. */
  @Test
  void isFollowedForAsLongAsItSpeaks() {
    for (int heartbeat = 0; heartbeat < 50; heartbeat++) {
      it.append("c", 1, 0, 0, 0);
      it.loop.run(60);
      assertThat(it.replica.leaderNodeId()).as("after heartbeat %s", heartbeat).isEqualTo("c");
    }
  }

  @Test
  void isForgottenWhenItFallsSilent() {
    it.append("c", 1, 0, 0, 0);
    assertThat(it.loop.until(() -> it.replica.leaderNodeId() == null, 5_000)).isTrue();
  }
}
