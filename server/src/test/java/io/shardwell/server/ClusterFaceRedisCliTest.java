package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shows that Redis's own tools work with the cluster face: redis-cli following redirections, its
 * cluster check, and redis-benchmark in cluster mode. Skipped where the tools are not installed.
 */
@Timeout(120)
class ClusterFaceRedisCliTest {

  private static TestCluster cluster;

  @BeforeAll
  static void start(@TempDir Path dir) throws Exception {
    assumeTrue(
        isInstalled("redis-cli") && isInstalled("redis-benchmark"),
        "redis-cli or redis-benchmark is not installed (Debian: redis-tools)");
    cluster = new TestCluster(dir, 3, 6);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static boolean isInstalled(String tool) {
    String path = System.getenv("PATH");
    for (String folder : path == null ? new String[0] : path.split(File.pathSeparator, -1)) {
      if (new File(folder, tool).canExecute()) {
        return true;
      }
    }
    return false;
  }

  private static String run(String... command) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of(command));
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("%s: %s", words, output).isZero();
    return output;
  }

  private static String cli(int node, String... command) throws Exception {
    List<String> words = new ArrayList<>();
    words.addAll(
        List.of("redis-cli", "-c", "-p", Integer.toString(cluster.clusterFace(node).getPort())));
    words.addAll(List.of(command));
    return run(words.toArray(String[]::new));
  }

  @Test
  void redisCliFollowsRedirections() throws Exception {
    for (int i = 0; i < 20; i++) {
      assertThat(cli(i % 3, "SET", "key" + i, "value" + i)).isEqualTo("OK");
      assertThat(cli((i + 1) % 3, "GET", "key" + i)).isEqualTo("value" + i);
    }
    assertThat(cli(0, "--no-auth-warning", "CLUSTER", "KEYSLOT", "key1")).isEqualTo("9189");
  }

  @Test
  void redisCliFindsNothingWrongWithTheCluster() throws Exception {
    String seed = TestCluster.HOST + ":" + cluster.clusterFace(0).getPort();
    assertThat(run("redis-cli", "--cluster", "check", seed))
        .contains("[OK] All nodes agree about slots configuration.")
        .contains("[OK] All 16384 slots covered.");
    assertThat(run("redis-cli", "--cluster", "info", seed)).contains("in 3 masters.");
    assertThat(run("redis-cli", "--cluster", "call", seed, "PING")).contains("PONG");
  }

  @Test
  void redisBenchmarkRunsInClusterMode() throws Exception {
    String output =
        run(
            "redis-benchmark",
            "--cluster",
            "-p",
            Integer.toString(cluster.clusterFace(0).getPort()),
            "-t",
            "ping,set,get,incr,mset",
            "-n",
            "3000",
            "-c",
            "9",
            "-P",
            "4",
            "-r",
            "1000",
            "-q");
    assertThat(output)
        .contains("Cluster has 3 master nodes:")
        .contains("SET: ")
        .contains("GET: ")
        .contains("MSET (10 keys): ")
        .doesNotContain("Error")
        .doesNotContain("WARNING: Master node");
  }
}
