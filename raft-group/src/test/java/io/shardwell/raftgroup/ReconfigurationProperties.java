package io.shardwell.raftgroup;

import static io.microraft.MembershipChangeMode.ADD_LEARNER;
import static io.microraft.MembershipChangeMode.REMOVE_MEMBER;
import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.Reconfiguration.Step;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Shows that single steps bring a group's members to what the map wants, from any state that
 * replacements leave, whatever is reached meanwhile; and that on the way the group is never short
 * of more than one voter, never has one too many, and never lets go of a voter that still counts.
 */
class ReconfigurationProperties {

  @Property(tries = 500)
  void stepsLeadToTheWantedMembers(@ForAll long seed) {
    Random random = new Random(seed);
    int size = random.nextBoolean() ? 3 : 5;
    List<ReplicaEndpoint> members = new ArrayList<>();
    for (int node = 0; node < size; node++) {
      members.add(new ReplicaEndpoint("n" + node, 1, 0));
    }
    List<ReplicaEndpoint> voters = new ArrayList<>(members);
    List<ReplicaEndpoint> wanted = new ArrayList<>(members);
    Set<ReplicaEndpoint> retired = new HashSet<>();
    for (int turn = 0; turn < 60; turn++) {
      if (turn < 30 && random.nextInt(8) == 0 && deadVoters(voters, wanted) == 0) {
        int node = random.nextInt(size);
        retired.add(wanted.get(node));
        wanted.set(node, new ReplicaEndpoint("n" + node, turn + 2, 0));
      }
      boolean calm = turn >= 30;
      Step step =
          Reconfiguration.next(
              members,
              voters,
              wanted,
              retired::contains,
              member -> wanted.contains(member) && (calm || random.nextInt(4) != 0),
              member -> calm || random.nextBoolean(),
              calm || random.nextBoolean());
      if (step == null) {
        continue;
      }
      switch (step.mode()) {
        case ADD_LEARNER -> {
          assertThat(wanted).contains(step.member());
          members.add(step.member());
        }
        case ADD_OR_PROMOTE_TO_FOLLOWER -> {
          assertThat(wanted).contains(step.member());
          voters.add(step.member());
        }
        case REMOVE_MEMBER -> {
          assertThat(retired).contains(step.member());
          members.remove(step.member());
          voters.remove(step.member());
        }
      }
      assertThat(voters.size()).as("seed %d", seed).isBetween(size - 1, size);
    }
    assertThat(voters).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(wanted);
    assertThat(members).containsExactlyInAnyOrderElementsOf(wanted);
  }

  private static int deadVoters(List<ReplicaEndpoint> voters, List<ReplicaEndpoint> wanted) {
    return (int) wanted.stream().filter(member -> !voters.contains(member)).count();
  }

  @Example
  void aLeaderWhoseMapIsBehindChangesNothing() {
    ReplicaEndpoint a = new ReplicaEndpoint("a", 1, 0);
    ReplicaEndpoint b = new ReplicaEndpoint("b", 1, 0);
    ReplicaEndpoint before = new ReplicaEndpoint("c", 1, 0);
    ReplicaEndpoint now = new ReplicaEndpoint("c", 2, 0);
    List<ReplicaEndpoint> members = List.of(a, b, now);
    assertThat(
            Reconfiguration.next(
                members, members, List.of(a, b, before), r -> false, r -> true, r -> true, true))
        .isNull();
  }

  /** Two that did not come kept every other node from being taken in. */
  @Example
  void aLearnerThatDoesNotComeDoesNotCountAsFetching() {
    ReplicaEndpoint a = new ReplicaEndpoint("a", 1, 0);
    ReplicaEndpoint before = new ReplicaEndpoint("b", 1, 0);
    ReplicaEndpoint now = new ReplicaEndpoint("b", 2, 0);
    List<ReplicaEndpoint> voters = List.of(a, before);
    List<ReplicaEndpoint> members = List.of(a, before, now);
    assertThat(Reconfiguration.isFetching(members, voters, now::equals)).isTrue();
    assertThat(Reconfiguration.isFetching(members, voters, r -> !r.equals(now))).isFalse();
    assertThat(Reconfiguration.isFetching(voters, voters, r -> true)).isFalse();
  }

  @Example
  void theDeadVoterStaysAsLongAsTheOthersCouldNotCommitItsRemoval() {
    ReplicaEndpoint a = new ReplicaEndpoint("a", 1, 0);
    ReplicaEndpoint b = new ReplicaEndpoint("b", 1, 0);
    ReplicaEndpoint before = new ReplicaEndpoint("c", 1, 0);
    ReplicaEndpoint now = new ReplicaEndpoint("c", 2, 0);
    List<ReplicaEndpoint> members = List.of(a, b, before, now);
    List<ReplicaEndpoint> voters = List.of(a, b, before);
    List<ReplicaEndpoint> wanted = List.of(a, b, now);
    assertThat(
            Reconfiguration.next(
                members, voters, wanted, before::equals, r -> !r.equals(b), r -> true, true))
        .isNull();
    assertThat(
            Reconfiguration.next(
                members, voters, wanted, before::equals, r -> true, r -> true, true))
        .isEqualTo(new Step(before, REMOVE_MEMBER));
    assertThat(
            Reconfiguration.next(
                voters, voters, wanted, before::equals, r -> true, r -> true, true))
        .isEqualTo(new Step(now, ADD_LEARNER));
  }
}
