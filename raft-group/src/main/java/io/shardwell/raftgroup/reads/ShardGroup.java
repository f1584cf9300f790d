package io.shardwell.raftgroup.reads;

import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.replica.ShardReplicatedState;

/** A shard's replica on this node, with the data it replicates. */
public record ShardGroup(int shard, Replica replica, ShardReplicatedState state) {}
