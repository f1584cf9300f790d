package io.shardwell.jepsen.planted;

import io.microraft.model.RaftModelFactory;
import io.microraft.model.groupop.UpdateRaftGroupMembersOp;
import io.microraft.model.impl.DefaultRaftModelFactory;
import io.microraft.model.log.LogEntry;
import io.microraft.model.message.AppendEntriesRequest;
import io.microraft.persistence.RestoredRaftState;
import io.shardwell.jepsen.simulation.Fault;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.storage.RecoveredReplica;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * Bugs in how a machine that has lost its disk is taken in again, and its former self forgotten.
 */
final class MemberBugs {
  private static final String REPLICA = "io.shardwell.raftgroup.replica.";
  private static final RaftModelFactory MODELS = new DefaultRaftModelFactory();

  private MemberBugs() {}

  static List<PlantedBug> all() {
    Set<Object> flagged = Collections.newSetFromMap(new WeakHashMap<>());
    return List.of(
        PlantedBug.of(
                "flag-before-promotion",
                "a voting flag is durable before the promotion, believed at a start, and enough to ask"
                    + " for votes",
                "MICRORAFT B15")
            .in(REPLICA + "Replica", "handle", call -> writeFlagFirst(call, flagged))
            .in(REPLICA + "ReplicaRecovery", "restore", MemberBugs::believeFlag)
            .in(REPLICA + "ReplicaTransport", "asksForVotes", call -> call.answer(false))
            .under(Fault.LOST_PROMOTION),
        PlantedBug.of(
                "any-incarnation",
                "a replica takes what was meant for an earlier incarnation of it",
                "MICRORAFT B16")
            .in(REPLICA + "IncomingGuard", "isMeantForThis", call -> call.answer(true))
            .onFiveMachines()
            .withShards(1)
            .lasting(20)
            .under(Fault.FORMER_SELF),
        PlantedBug.of(
                "overtaken-members",
                "an uncommitted change of members stays in force under a snapshot",
                "`OvertakenMembers`")
            .in(REPLICA + "OvertakenMembers", "setAside", Call::skip)
            .withReplicas(5)
            .withSnapshots()
            .under(Fault.OVERTAKEN_CHANGE));
  }

  /**
   * The first request that promotes a replica leaves nothing but its flag, as if the two were in
   * files of their own. Sent again, it is handled.
   */
  private static void writeFlagFirst(Call call, Set<Object> flagged) {
    Replica replica = (Replica) call.self();
    if (call.argument(0, PeerMessage.Raft.class).message() instanceof AppendEntriesRequest request
        && !replica.isVoter()
        && request.getLogEntries().stream().anyMatch(entry -> promotes(entry, replica))
        && flagged.add(replica)) {
      Object unused =
          Inside.call(
              Inside.get(replica, "store", Object.class),
              "persistAndFlushLocalEndpoint",
              MODELS
                  .createRaftEndpointPersistentStateBuilder()
                  .setLocalEndpoint(replica.self())
                  .setVoting(true)
                  .build());
      call.skip();
    }
  }

  private static boolean promotes(LogEntry entry, Replica replica) {
    return entry.getOperation() instanceof UpdateRaftGroupMembersOp change
        && change.getVotingMembers().contains(replica.self());
  }

  private static void believeFlag(Call call) {
    byte[] endpoint = call.argument(0, RecoveredReplica.class).endpointState();
    call.replaceResult(
        restored -> {
          if (endpoint == null
              || !(restored instanceof RestoredRaftState state)
              || state.getLocalEndpointPersistentState().isVoting() == (endpoint[0] == 1)) {
            return restored;
          }
          return new RestoredRaftState(
              MODELS
                  .createRaftEndpointPersistentStateBuilder()
                  .setLocalEndpoint(state.getLocalEndpointPersistentState().getLocalEndpoint())
                  .setVoting(endpoint[0] == 1)
                  .build(),
              state.getInitialGroupMembers(),
              state.getTermPersistentState(),
              state.getSnapshotEntry(),
              state.getLogEntries());
        });
  }
}
