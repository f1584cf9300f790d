package io.shardwell.raftgroup.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.ClientAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Shows whom clients of the cluster face are sent to, and when they are not: four nodes, three
 * shards, seen by n1, which has replicas of the first two.
 */
class SlotOwnersTest {

  private static final List<List<String>> MEMBERS =
      List.of(List.of("n1", "n2", "n3"), List.of("n2", "n1", "n4"), List.of("n3", "n2", "n4"));

  private final Set<String> unreachable = new HashSet<>();
  private final Map<String, ClientAddress> addresses = new HashMap<>();
  private long nowNanos = 1_000;
  private final SlotOwners owners;

  SlotOwnersTest() {
    for (int i = 1; i <= 4; i++) {
      addresses.put("n" + i, address(i));
    }
    owners =
        new SlotOwners(
            "n1",
            MEMBERS,
            () -> nowNanos,
            node -> !unreachable.contains(node),
            node -> addresses.getOrDefault(node, ClientAddress.UNKNOWN));
  }

  private static ClientAddress address(int node) {
    return new ClientAddress("10.0.0." + node, 6379, -1, -1, 7379);
  }

  @Test
  void beforeAnyLeaderIsKnownThePreferredOneIsShownAndCommandsStay() {
    assertThat(owners.ownerFirst(1)).containsExactly("n2", "n1", "n4");
    assertThat(owners.elsewhere(1)).isNull();
    assertThat(owners.leaderlessMillis(1)).isPositive();
    assertThat(owners.elsewhere(2)).as("a shard without a replica here").isEqualTo(address(3));
  }

  @Test
  void aKnownLeaderIsPointedToUnlessItIsThisNodeOrOutOfReach() {
    owners.replicaKnows(0, "n1", 1);
    owners.replicaKnows(1, "n4", 1);
    assertThat(owners.elsewhere(0)).isNull();
    assertThat(owners.elsewhere(1)).isEqualTo(address(4));
    assertThat(owners.ownerFirst(1)).containsExactly("n4", "n2", "n1");
    assertThat(owners.leaderlessMillis(1)).isZero();
    unreachable.add("n4");
    assertThat(owners.elsewhere(1)).isNull();
    assertThat(owners.owner(1)).isEqualTo("n4");
  }

  @Test
  void inAnElectionTheLastLeaderIsShownAndCommandsWaitHere() {
    owners.replicaKnows(1, "n2", 1);
    owners.replicaKnows(1, null, 2);
    nowNanos += TimeUnit.MILLISECONDS.toNanos(40);
    owners.replicaKnows(1, null, 3);
    assertThat(owners.leaderlessMillis(1)).isEqualTo(40);
    assertThat(owners.owner(1)).isEqualTo("n2");
    assertThat(owners.elsewhere(1)).isNull();
    owners.replicaKnows(1, "n4", 3);
    assertThat(owners.elsewhere(1)).isEqualTo(address(4));
    assertThat(owners.term(1)).isEqualTo(3);
  }

  @Test
  void hearsayCountsOnlyWhereThereIsNoReplicaAndOnlyIfNewer() {
    owners.replicaKnows(1, "n2", 5);
    owners.heard(1, "n4", 9);
    assertThat(owners.owner(1)).isEqualTo("n2");
    owners.heard(2, "n4", 7);
    owners.heard(2, "n3", 6);
    owners.heard(99, "n3", 6);
    assertThat(owners.owner(2)).isEqualTo("n4");
  }

  @Test
  void aLeaderWithoutAClusterFaceIsStoodInFor() {
    owners.replicaKnows(1, "n2", 1);
    addresses.put("n2", new ClientAddress("10.0.0.2", 6379, -1, -1, -1));
    assertThat(owners.ownerFirst(1)).containsExactly("n1", "n4");
    assertThat(owners.elsewhere(1)).as("this node stands in and forwards").isNull();
    assertThat(owners.counts(1)).isTrue();
    addresses.clear();
    assertThat(owners.owner(2)).as("nobody has one").isEqualTo("n1");
  }

  @Test
  void whatIsCountedIsWhatIsOwnedAndWhatWasLedLatelyIsScannedToo() {
    owners.replicaKnows(0, "n1", 1);
    owners.replicaKnows(1, "n2", 1);
    assertThat(counted()).containsExactly(0);
    owners.replicaKnows(0, "n3", 2);
    assertThat(counted()).isEmpty();
    assertThat(owners.covers(0)).isTrue();
    assertThat(owners.covers(1)).isFalse();
    nowNanos += TimeUnit.SECONDS.toNanos(SlotOwners.OVERLAP_SECONDS);
    assertThat(owners.covers(0)).isFalse();
  }

  private List<Integer> counted() {
    List<Integer> counted = new ArrayList<>();
    for (int shard = 0; shard < owners.shards(); shard++) {
      if (owners.counts(shard)) {
        counted.add(shard);
      }
    }
    return counted;
  }
}
