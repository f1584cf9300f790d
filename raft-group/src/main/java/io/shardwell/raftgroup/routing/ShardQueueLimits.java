package io.shardwell.raftgroup.routing;

/** How much may wait on one node for one shard. */
final class ShardQueueLimits {

  /** Commands. */
  static final int MAX_COMMANDS = 1 << 16;

  /** Bytes of their arguments, beyond which the next command is turned away. */
  static final long MAX_BYTES = 64L << 20;

  private ShardQueueLimits() {}
}
