package io.shardwell.jepsen.simulation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Stories about who leads, with the members of the group as they are. */
final class OfficeStories {
  private final Stories stage;
  private final SimulatedCluster cluster;
  private final Random random;

  OfficeStories(Stories stage, SimulatedCluster cluster, Random random) {
    this.stage = stage;
    this.cluster = cluster;
    this.random = random;
  }

  /**
   * A leader and one voter more are cut off from three others. These elect one of themselves, at
   * once if the leader has asked for it just before, and the two go on being asked. Whether it
   * began: it takes five voters.
   */
  boolean minorityLeader(Offices.Office office, List<SimulatedMachine> followers) {
    if (followers.size() < 4) {
      return false;
    }
    List<SimulatedMachine> others = new ArrayList<>(followers);
    Collections.shuffle(others, random);
    List<SimulatedMachine> minority = List.of(office.machine(), others.remove(0));
    SimulatedMachine heir = others.get(0);
    int term = office.leader().term();
    if (random.nextBoolean()) {
      Offices.handOver(office, heir);
    }
    stage.await(
        () ->
            !office.isHeldIn(term)
                || LogMatching.stateOf(office.leader()).leadershipTransferState() != null,
        50 * VirtualTime.MILLI,
        () -> {
          // What asks the heir may be under way.
          others.forEach(
              each -> minority.forEach(one -> cluster.network().cut(each.id(), one.id())));
          stage.after(
              10 * VirtualTime.MILLI, () -> others.forEach(each -> stage.cutOff(minority, each)));
        });
    stage.after(
        VirtualTime.SECOND + random.nextLong(2 * VirtualTime.SECOND),
        () -> minority.forEach(one -> stage.mend(one.id(), others)));
    return true;
  }
}
