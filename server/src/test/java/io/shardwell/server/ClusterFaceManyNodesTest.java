package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisCluster;

/**
 * Shows that the cluster face works where no node has replicas of all shards, and where one node
 * has no such face: five nodes, three replicas of each shard, four faces. All of them tell the
 * same, and a cluster client finds every key.
 */
@Timeout(120)
class ClusterFaceManyNodesTest {

  private static final int KEYS = 300;

  @Test
  void everyKeyIsFound(@TempDir Path dir) throws Exception {
    try (TestCluster cluster = new TestCluster(dir, 5, 4, 10);
        JedisCluster jedis = new JedisCluster(cluster.clusterFaces())) {
      assertThat(jedis.getClusterNodes()).hasSize(4);
      for (int i = 0; i < KEYS; i++) {
        assertThat(jedis.set("key" + i, "value" + i)).isEqualTo("OK");
      }
      for (int i = 0; i < KEYS; i++) {
        assertThat(jedis.get("key" + i)).isEqualTo("value" + i);
      }
      long size = 0;
      for (int i = 0; i < 4; i++) {
        try (Jedis node = cluster.direct(i)) {
          size += node.dbSize();
        }
      }
      assertThat(size).isEqualTo(KEYS);
    }
  }
}
