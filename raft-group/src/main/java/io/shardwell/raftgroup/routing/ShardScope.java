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
        public boolean scans(int shard) {
          return true;
        }
      };

  /** Whether DBSIZE, KEYS, RANDOMKEY and FLUSHALL concern the shard now. */
  boolean counts(int shard);

  /** Whether SCAN walks over the shard: all that count, and more where one could be missed. */
  boolean scans(int shard);
}
