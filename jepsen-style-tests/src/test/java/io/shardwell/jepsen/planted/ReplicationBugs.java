package io.shardwell.jepsen.planted;

import io.microraft.RaftNode;
import io.microraft.model.RaftModelFactory;
import io.microraft.model.impl.DefaultRaftModelFactory;
import io.microraft.model.message.AppendEntriesFailureResponse;
import io.microraft.model.message.PreVoteRequest;
import io.microraft.model.message.RaftMessage;
import io.microraft.model.message.VoteRequest;
import io.shardwell.jepsen.simulation.Fault;
import io.shardwell.raftgroup.wire.PeerMessage;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Bugs in how replicas agree, most of them MicroRaft's own, by taking the guard away. */
final class ReplicationBugs {
  private static final String REPLICA = "io.shardwell.raftgroup.replica.";
  private static final RaftModelFactory MODELS = new DefaultRaftModelFactory();

  private ReplicationBugs() {}

  static List<PlantedBug> all() {
    return List.of(
        PlantedBug.of(
                "old-term-counts", "a success response of an older term counts", "MICRORAFT B1")
            .in(REPLICA + "FollowerResponses", "isResponseToLeader", call -> call.answer(false))
            .in(REPLICA + "FollowerResponses", "handleIfCurrent", ReplicationBugs::handleAnyTerm)
            .withReplicas(5)
            .under(Fault.LATE_ANSWERS),
        PlantedBug.of(
                "compacted-prefix",
                "an AppendEntries below the follower's snapshot is handled as it is, and its tail proves"
                    + " nothing",
                "MICRORAFT B5, B14")
            .in(REPLICA + "CompactedPrefixGuard", "rewrite", ReplicationBugs::asItIs)
            .in(REPLICA + "FollowerResponses", "proven", call -> call.answer(null))
            .withSnapshots()
            .under(Fault.LOST_ANSWERS),
        PlantedBug.of(
                "tail-taken-on-trust",
                "a follower's claim about its tail is believed without comparing terms",
                "MICRORAFT B14")
            .in(REPLICA + "FollowerResponses", "proven", ReplicationBugs::believeTail)
            .under(Fault.ISOLATE, Fault.PARTIAL_CUT, Fault.KILL)
            .quickly(),
        PlantedBug.of(
                "half-is-a-majority",
                "with four voters two acknowledgements commit",
                "MICRORAFT B17")
            .in(REPLICA + "AcknowledgementGate", "passes", ReplicationBugs::half)
            .withReplicas(4)
            .under(Fault.ISOLATE, Fault.PARTIAL_CUT, Fault.SLOW_DISK)
            .quickly(),
        PlantedBug.of(
                "votes-for-a-shorter-log",
                "a voter does not look at the candidate's log",
                "Raft, election restriction")
            .in(REPLICA + "Replica", "handle", ReplicationBugs::anyLogWillDo)
            .under(Fault.ISOLATE, Fault.PARTIAL_CUT, Fault.KILL),
        PlantedBug.of(
                "stale-pre-vote",
                "a pre-vote that a leader of the same term has overtaken stays open",
                "decision 0011")
            .in(REPLICA + "StalePreVote", "end", Call::skip)
            .under(Fault.ROLLING_PAUSE),
        PlantedBug.of("ring-head", "the head of MicroRaft's ring is not put back", "decision 0010")
            .in(REPLICA + "RingHead", "restore", Call::skip)
            .withSnapshotsAndALongTail()
            .under(Fault.LAGGARD));
  }

  private static void handleAnyTerm(Call call) {
    Inside.get(call.self(), "raft", RaftNode.class).handle(call.argument(0, RaftMessage.class));
    call.skip();
  }

  private static void asItIs(Call call) {
    call.replaceResult(
        rewritten ->
            rewritten != null && Inside.peek(rewritten, "request") == call.argument(0, Object.class)
                ? rewritten
                : Inside.make(
                    REPLICA + "CompactedPrefixGuard$Rewritten",
                    call.argument(0, Object.class),
                    0L));
  }

  private static void believeTail(Call call) {
    AppendEntriesFailureResponse failure = call.argument(0, AppendEntriesFailureResponse.class);
    long tail = call.argument(1, PeerMessage.Raft.class).tailIndex();
    Object view = Inside.get(call.self(), "view", Object.class);
    Object store = Inside.get(call.self(), "store", Object.class);
    Object standIns = Inside.get(call.self(), "standIns", Object.class);
    if (truth(Inside.call(view, "isLeader"))
        && Objects.equals(Inside.call(view, "term"), failure.getTerm())
        && tail > 0
        && tail <= Inside.get(store, "lastIndex", Long.class)) {
      call.replaceResult(
          proven ->
              proven != null
                  ? proven
                  : Inside.call(
                      standIns,
                      "acknowledgement",
                      failure,
                      tail,
                      failure.getFlowControlSequenceNumber()));
    }
  }

  private static void half(Call call) {
    Object positions = Inside.get(call.self(), "positions", Object.class);
    long index = call.argument(0, Long.class);
    call.replaceResult(
        passes -> truth(passes) || truth(Inside.call(positions, "isDurable", index)));
  }

  /** Pre-votes too, or such a candidate would not get as far as asking for votes. */
  private static void anyLogWillDo(Call call) {
    PeerMessage.Raft received = call.argument(0, PeerMessage.Raft.class);
    RaftMessage better = null;
    if (received.message() instanceof VoteRequest request) {
      better =
          MODELS
              .createVoteRequestBuilder()
              .setGroupId(request.getGroupId())
              .setSender(request.getSender())
              .setTerm(request.getTerm())
              .setLastLogTerm(Integer.MAX_VALUE)
              .setLastLogIndex(Long.MAX_VALUE)
              .setSticky(request.isSticky())
              .build();
    } else if (received.message() instanceof PreVoteRequest request) {
      better =
          MODELS
              .createPreVoteRequestBuilder()
              .setGroupId(request.getGroupId())
              .setSender(request.getSender())
              .setTerm(request.getTerm())
              .setLastLogTerm(Integer.MAX_VALUE)
              .setLastLogIndex(Long.MAX_VALUE)
              .build();
    }
    if (better != null) {
      call.pass(
          0,
          new PeerMessage.Raft(
              received.group(),
              received.senderGeneration(),
              received.targetIncarnation(),
              received.targetGeneration(),
              received.tailIndex(),
              received.tailTerm(),
              better));
    }
  }

  private static boolean truth(@Nullable Object answer) {
    return answer instanceof Boolean holds && holds;
  }
}
