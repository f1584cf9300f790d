package io.shardwell.raftgroup.routing;

/** Which shards the keyless commands of a client cover. */
public interface ShardScope {

  /** The whole cluster: the single image. */
  ShardScope ALL =
      new ShardScope() {
        @Override
        public boolean counts(int shard) {
          return true;
        }

        @Override
        public boolean covers(int shard) {
          return true;
        }
      };

  /** Whether DBSIZE, KEYS and RANDOMKEY concern the shard now. */
  boolean counts(int shard);

  /**
   * Whether SCAN and FLUSHALL concern the shard: all that count, and more where one could be
   * missed, for these two do no harm when they meet a shard twice.
   */
  boolean covers(int shard);
}
