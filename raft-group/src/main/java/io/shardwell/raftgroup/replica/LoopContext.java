package io.shardwell.raftgroup.replica;

import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.raftgroup.wire.Outbox;
import io.shardwell.raftgroup.wire.RaftCodec;
import io.shardwell.storage.FaultHandler;
import io.shardwell.storage.NodeStorage;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What all replicas on a loop share.
 *
 * @param submit takes tasks to run at the turn's end, before the disk gets the buffer; MicroRaft's
 *     flush tasks and the completions of proposals, which must not run inside MicroRaft (MICRORAFT
 *     C)
 * @param downloads how many of the replicas fetch a snapshot at a time
 * @param slices what the replicas do a little at a time
 * @param outboxes by node id, for every other node
 * @param slowestSyncMillis of the recent past; election timeouts grow with it
 * @param leaderChanged told when a replica learns of a new leader or of none
 */
public record LoopContext(
    EventLoop loop,
    NodeStorage storage,
    RaftCodec codec,
    RecentEntries recent,
    DownloadRoom downloads,
    SliceQueue slices,
    FaultHandler faults,
    Tuning tuning,
    int commitCountToTakeSnapshot,
    int maxPendingEntries,
    Map<String, Outbox> outboxes,
    Consumer<Runnable> submit,
    LongSupplier slowestSyncMillis,
    Consumer<Replica> leaderChanged) {}
