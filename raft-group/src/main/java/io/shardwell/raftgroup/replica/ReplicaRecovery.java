package io.shardwell.raftgroup.replica;

import io.microraft.RaftEndpoint;
import io.microraft.model.RaftModelFactory;
import io.microraft.model.log.LogEntry;
import io.microraft.model.log.RaftGroupMembersView;
import io.microraft.model.log.SnapshotChunk;
import io.microraft.model.log.SnapshotEntry;
import io.microraft.persistence.RestoredRaftState;
import io.shardwell.storage.RecoveredEntry;
import io.shardwell.storage.RecoveredReplica;
import io.shardwell.storage.ReplicaLog;
import io.shardwell.storage.SnapshotManifest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Turns what storage recovered into what MicroRaft restores from.
 *
 * <p>Where a snapshot was intended but its files are not complete, the log up to it is applied here
 * and the snapshot taken anew: its index is committed, and MicroRaft's ring has no room for that
 * much log without it (MICRORAFT B8, B9).
 */
final class ReplicaRecovery {

  private final LoopContext context;
  private final RaftModelFactory models;
  private final ReplicaEndpoint self;
  private final ReplicaLog log;
  private final ReplicatedState state;
  private final ReplicaSnapshots snapshots;

  ReplicaRecovery(
      LoopContext context,
      RaftModelFactory models,
      ReplicaEndpoint self,
      ReplicaLog log,
      ReplicatedState state,
      ReplicaSnapshots snapshots) {
    this.context = context;
    this.models = models;
    this.self = self;
    this.log = log;
    this.state = state;
    this.snapshots = snapshots;
  }

  /** Null if the replica had written nothing that says who it is: then it starts anew. */
  @Nullable RestoredRaftState restore(RecoveredReplica recovered) {
    byte[] endpoint = recovered.endpointState();
    byte[] initialMembers = recovered.initialMembers();
    if (endpoint == null || initialMembers == null) {
      if (recovered.term() != 0 || !recovered.entries().isEmpty()) {
        throw new IllegalStateException(
            "group " + recovered.group() + " has a log but no identity");
      }
      return null;
    }
    byte[] id = java.util.Arrays.copyOfRange(endpoint, 1, endpoint.length);
    ReplicaEndpoint stored = context.codec().decodeEndpoint(id);
    if (!stored.equals(self)) {
      throw new IllegalStateException(
          "group " + recovered.group() + " belongs to " + stored + ", not to " + self);
    }
    RaftGroupMembersView initial = context.codec().decodeView(initialMembers);
    SnapshotEntry snapshot = snapshot(recovered);
    RaftGroupMembersView members = snapshot == null ? initial : snapshot.getGroupMembersView();
    byte[] votedFor = recovered.votedFor();
    return new RestoredRaftState(
        models
            .createRaftEndpointPersistentStateBuilder()
            .setLocalEndpoint(self)
            // From the members, never from a flag of its own that might be ahead of them (B15).
            .setVoting(members.getVotingMembers().contains((RaftEndpoint) self))
            .build(),
        initial,
        models
            .createRaftTermPersistentStateBuilder()
            .setTerm(recovered.term())
            .setVotedFor(votedFor == null ? null : context.codec().decodeEndpoint(votedFor))
            .build(),
        snapshot,
        entriesAfter(recovered, snapshot == null ? 0 : snapshot.getIndex()));
  }

  private @Nullable SnapshotEntry snapshot(RecoveredReplica recovered) {
    SnapshotManifest complete = recovered.snapshot();
    SnapshotManifest intent = recovered.intent();
    List<ChunkBytes> chunks = new ArrayList<>();
    if (complete != null) {
      for (int i = 0; i < complete.chunkCount(); i++) {
        chunks.add(new ChunkBytes(i, context.storage().snapshots(), complete));
      }
    }
    if (intent == null) {
      if (complete == null) {
        return null;
      }
      snapshots.restored(complete.index(), complete.term());
      return entry(complete, chunks);
    }
    if (complete != null) {
      ReceivedSnapshot.readAll(state.beginInstall(), chunks);
    }
    long from = complete == null ? 0 : complete.index();
    for (RecoveredEntry recoveredEntry : recovered.entries()) {
      boolean missing = recoveredEntry.index() > from && recoveredEntry.index() <= intent.index();
      if (!missing) {
        continue;
      }
      byte[] payload = log.readEntry(recoveredEntry.index());
      if (!Replica.isMembersChange(payload)) {
        state.appended(payload);
        Object unused = state.apply(recoveredEntry.index(), payload);
      }
    }
    SnapshotManifest again = snapshots.takeAgain(intent);
    return entry(again, snapshots.chunksBeingTaken());
  }

  private SnapshotEntry entry(SnapshotManifest manifest, List<ChunkBytes> chunks) {
    RaftGroupMembersView members = context.codec().decodeView(manifest.membersView());
    List<SnapshotChunk> chunkModels = new ArrayList<>();
    for (int i = 0; i < chunks.size(); i++) {
      chunkModels.add(
          models
              .createSnapshotChunkBuilder()
              .setIndex(manifest.index())
              .setTerm(manifest.term())
              .setSnapshotChunkIndex(i)
              .setSnapshotChunkCount(chunks.size())
              .setGroupMembersView(members)
              .setOperation(chunks.get(i))
              .build());
    }
    return models
        .createSnapshotEntryBuilder()
        .setIndex(manifest.index())
        .setTerm(manifest.term())
        .setGroupMembersView(members)
        .setSnapshotChunks(chunkModels)
        .build();
  }

  /**
   * Looks at each entry once, for its stamp and for changes of members, and keeps no payload:
   * together they may be as large as the data, beside which they would lie in memory until they are
   * applied.
   */
  private List<LogEntry> entriesAfter(RecoveredReplica recovered, long snapshotIndex) {
    List<LogEntry> entries = new ArrayList<>();
    for (RecoveredEntry stored : recovered.entries()) {
      if (stored.index() <= snapshotIndex) {
        continue;
      }
      byte[] payload = log.readEntry(stored.index());
      Object operation;
      if (Replica.isMembersChange(payload)) {
        operation = context.codec().decodeMembersOp(payload, 1);
      } else {
        state.appended(payload);
        operation = LogBytes.inLog(stored.length(), stored.index(), log);
      }
      entries.add(
          models
              .createLogEntryBuilder()
              .setIndex(stored.index())
              .setTerm(stored.term())
              .setOperation(Objects.requireNonNull(operation))
              .build());
    }
    return entries;
  }
}
