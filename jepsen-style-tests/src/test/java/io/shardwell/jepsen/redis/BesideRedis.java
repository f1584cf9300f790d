package io.shardwell.jepsen.redis;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.shardwell.jepsen.NodesInThisJvm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A redis-server and nodes of ours, for tests that ask both the same. They start when a test first
 * asks for them; where there is no redis-server that test is skipped. Not thread-safe.
 */
final class BesideRedis implements AutoCloseable {
  private final int nodes;
  private final int shards;
  private @Nullable RedisServer redis;
  private @Nullable NodesInThisJvm cluster;

  BesideRedis(int nodes, int shards) {
    this.nodes = nodes;
    this.shards = shards;
  }

  int redisPort() throws Exception {
    return redis().port();
  }

  /** Where one of our nodes takes clients, counted from 0. */
  int port(int node) throws Exception {
    RedisServer unused = redis();
    if (cluster == null) {
      cluster = new NodesInThisJvm(nodes, shards);
    }
    return cluster.port(node);
  }

  private RedisServer redis() throws Exception {
    Optional<Path> program = RedisServer.program();
    assumeTrue(program.isPresent(), RedisServer.WHY_SKIPPED);
    if (redis == null) {
      redis = RedisServer.start(program.orElseThrow());
    }
    return redis;
  }

  @Override
  public void close() throws IOException {
    if (redis != null) {
      redis.close();
    }
    if (cluster != null) {
      cluster.close();
    }
  }
}
