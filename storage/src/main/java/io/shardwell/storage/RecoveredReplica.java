package io.shardwell.storage;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What recovery found for one group, all of it durable.
 *
 * @param endpointState newest {@link ReplicaLog#writeEndpoint}, null if never written
 * @param initialMembers newest {@link ReplicaLog#writeInitialMembers}, null if never written
 * @param term newest term, 0 if never written
 * @param votedFor vote in that term, null if none
 * @param snapshot newest complete snapshot, null if none
 * @param intent newest announced snapshot above {@code snapshot} whose files are not complete; the
 *     entries up to its index are all in {@code entries}
 * @param entries contiguous; the first follows the snapshot (index 1 without one)
 */
@SuppressWarnings("ArrayRecordComponent") // opaque bytes, shared and never changed
public record RecoveredReplica(
    int group,
    byte @Nullable [] endpointState,
    byte @Nullable [] initialMembers,
    int term,
    byte @Nullable [] votedFor,
    @Nullable SnapshotManifest snapshot,
    @Nullable SnapshotManifest intent,
    List<RecoveredEntry> entries) {}
