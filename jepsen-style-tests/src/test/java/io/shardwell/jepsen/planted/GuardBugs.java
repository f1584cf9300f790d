package io.shardwell.jepsen.planted;

import io.shardwell.jepsen.simulation.Fault;
import java.util.List;
import java.util.Set;

/**
 * The rules around MicroRaft taken away, those that {@link ReplicationBugs}, {@link ReadBugs} and
 * {@link MemberBugs} do not take away already.
 */
final class GuardBugs {
  private static final String GROUP = "io.shardwell.raftgroup.";
  private static final String REPLICA = GROUP + "replica.";
  private static final String DISK_WORK = "io.shardwell.storage.DiskWork";

  /** In entries, of the first start and of all later ones. */
  private static final int SIZE_AT_FIRST = 2_000;

  private static final int SIZE_LATER = 20;

  private GuardBugs() {}

  static List<PlantedBug> all() {
    return List.of(
        PlantedBug.of(
                "failed-write-passes",
                "a write or sync that failed counts as done, and the node goes on",
                "MICRORAFT B4, B6")
            .in(DISK_WORK, "done", GuardBugs::forgetFailure)
            .in(DISK_WORK, "runUnlessFailed", GuardBugs::tryAgain)
            .under(Fault.FAILING_DISK, Fault.POWER_CUT),
        PlantedBug.of(
                "one-voter-is-a-majority",
                "a leader's reads are served on the word of any one other, a learner's too",
                "MICRORAFT B7")
            .in(
                GROUP + "reads.ReadIndex",
                "isMajority",
                call -> {
                  boolean anybody = !call.argument(1, Set.class).isEmpty();
                  call.replaceResult(majority -> anybody);
                })
            .withReplicas(5)
            .withClients(12)
            .under(Fault.MINORITY_LEADER),
        PlantedBug.of(
                "sizes-shrink",
                "a node starts with a smaller commitCountToTakeSnapshot than before",
                "MICRORAFT B8")
            .in(GROUP + "cluster.NodeIdentity", "grown", GuardBugs::shrink)
            .under(Fault.KILL_ALL, Fault.RESTART),
        PlantedBug.of(
                "elections-collide",
                "survivors take no turns, and election timeouts have no random part",
                "MICRORAFT B11")
            .in(REPLICA + "ReplicaTime$ElectionRandom", "nextInt", call -> call.answer(0))
            .in(REPLICA + "Candidacy", "ask", GuardBugs::askAtOnce)
            .under(Fault.SLOW_ELECTION),
        PlantedBug.of(
                "stale-download",
                "a download of a former leader's snapshot stays, though the next leader's is older",
                "`StaleDownload`")
            .in(REPLICA + "StaleDownload", "endFormer", Call::skip)
            .withShards(1)
            .withClients(6)
            .withSnapshotsOnDemand()
            .under(Fault.CUT_DOWNLOAD),
        PlantedBug.of(
                "refused-pre-vote",
                "who is refused a pre-vote does not take the newer term from the answer",
                "`RefusedPreVote`")
            .in(REPLICA + "RefusedPreVote", "learnTerm", Call::skip)
            .withShards(1)
            .withClients(12)
            .under(Fault.LOST_ELECTION));
  }

  private static void forgetFailure(Call call) {
    if (!call.isNull(1)) {
      call.pass(1, null);
    }
  }

  private static void tryAgain(Call call) {
    if (Inside.get(call.self(), "failed", Boolean.class)) {
      Inside.set(call.self(), "failed", false);
      call.meddled();
    }
  }

  private static void askAtOnce(Call call) {
    if (!Inside.get(call.self(), "keptBack", Boolean.class)) {
      call.argument(1, Runnable.class).run();
      call.skip();
    }
  }

  private static void shrink(Call call) {
    Object metadata = Inside.get(call.self(), "metadata", Object.class);
    byte[] table = (byte[]) java.util.Objects.requireNonNull(Inside.call(metadata, "clusterTable"));
    call.answer(table.length == 0 ? SIZE_AT_FIRST : SIZE_LATER);
  }
}
