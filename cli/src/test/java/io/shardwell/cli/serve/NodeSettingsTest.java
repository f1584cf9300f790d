package io.shardwell.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.server.NodeConfig;
import io.shardwell.statemachine.EvictionPolicy;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/** Shows what a node is told for given settings, and what is refused. */
class NodeSettingsTest {

  private static NodeConfig config(Map<Setting, String> changed) {
    Map<Setting, String> flags = new HashMap<>();
    flags.put(Setting.ID, "n2");
    flags.put(Setting.DIR, "data/n2");
    flags.put(Setting.NODES, "n1=10.0.0.1:16379, n2=10.0.0.2:17000,n3=[::1]:16379");
    flags.putAll(changed);
    return NodeSettings.toConfig(Settings.merge(flags, Map.of(), new Properties()));
  }

  @Test
  void defaultsAreThoseOfTheManual() {
    NodeConfig config = config(Map.of());
    assertThat(config.dir()).isEqualTo(Path.of("data/n2"));
    assertThat(config.nodes())
        .containsEntry("n1", new PeerAddress("10.0.0.1", 16379))
        .containsEntry("n3", new PeerAddress("::1", 16379));
    assertThat(config.bind()).isEqualTo("127.0.0.1");
    assertThat(config.port()).isEqualTo(6379);
    assertThat(config.clusterPort()).isEqualTo(7379);
    assertThat(config.textPort()).isEqualTo(NodeConfig.OFF);
    assertThat(config.httpPort()).isEqualTo(8379);
    assertThat(config.peerPort()).as("as listed").isEqualTo(17000);
    assertThat(config.shards()).isEqualTo(16);
    assertThat(config.replicas()).isEqualTo(3);
    assertThat(config.minFreeBytes()).isEqualTo(256L << 20);
    assertThat(config.standalone()).as("a fault halts the process").isTrue();
  }

  @Test
  void everySettingArrives() {
    NodeConfig config =
        config(
            Map.ofEntries(
                Map.entry(Setting.BIND, "0.0.0.0"),
                Map.entry(Setting.INSECURE, "true"),
                Map.entry(Setting.ADVERTISED_HOST, "db2.example"),
                Map.entry(Setting.PORT, "1"),
                Map.entry(Setting.TEXT_PORT, "2"),
                Map.entry(Setting.PEER_PORT, "3"),
                Map.entry(Setting.HTTP_PORT, "-1"),
                Map.entry(Setting.SHARDS, "5"),
                Map.entry(Setting.REPLICAS, "1"),
                Map.entry(Setting.MAX_CLIENTS, "9"),
                Map.entry(Setting.IO_THREADS, "4"),
                Map.entry(Setting.MIN_FREE_BYTES, "8589934592")));
    NodeConfig bounded =
        config(Map.of(Setting.MAXMEMORY, "100MB", Setting.MAXMEMORY_POLICY, "volatile-lru"));
    assertThat(bounded.maxMemory()).isEqualTo(100L << 20);
    assertThat(bounded.maxMemoryPolicy()).isEqualTo(EvictionPolicy.VOLATILE_LRU);
    assertThat(config.maxMemory()).as("no limit").isZero();
    assertThatThrownBy(() -> config(Map.of(Setting.MAXMEMORY, "100 apples")))
        .hasMessageContaining("is not a number of bytes such as 100mb");
    assertThatThrownBy(() -> config(Map.of(Setting.MAXMEMORY_POLICY, "random")))
        .hasMessageContaining("is none of noeviction, allkeys-lru, volatile-lru");
    assertThat(config.bind()).isEqualTo("0.0.0.0");
    assertThat(config.advertisedHost()).isEqualTo("db2.example");
    assertThat(config.port()).isEqualTo(1);
    assertThat(config.textPort()).isEqualTo(2);
    assertThat(config.peerPort()).isEqualTo(3);
    assertThat(config.httpPort()).isEqualTo(NodeConfig.OFF);
    assertThat(config.shards()).isEqualTo(5);
    assertThat(config.replicas()).isEqualTo(1);
    assertThat(config.maxClients()).isEqualTo(9);
    assertThat(config.ioThreads()).isEqualTo(4);
    assertThat(config(Map.of(Setting.CLUSTER_PORT, "-1")).clusterPort()).isEqualTo(NodeConfig.OFF);
    assertThat(config.minFreeBytes()).isEqualTo(8L << 30);
  }

  /** Two nodes on one machine that differ in --port only do not meet on any other port. */
  @Test
  void theOtherPortsFollowThePort() {
    NodeConfig second = config(Map.of(Setting.PORT, "6380"));
    assertThat(second.clusterPort()).isEqualTo(7380);
    assertThat(second.httpPort()).isEqualTo(8380);
    assertThat(config(Map.of(Setting.PORT, "0")).clusterPort()).as("any free one").isZero();
    assertThat(config(Map.of(Setting.PORT, "0")).httpPort()).as("any free one").isZero();
    NodeConfig given =
        config(Map.of(Setting.PORT, "6380", Setting.CLUSTER_PORT, "1", Setting.HTTP_PORT, "2"));
    assertThat(given.clusterPort()).isEqualTo(1);
    assertThat(given.httpPort()).isEqualTo(2);
    assertThat(config(Map.of(Setting.PORT, "63535")).httpPort()).isEqualTo(65535);
    assertThatThrownBy(() -> config(Map.of(Setting.PORT, "64600")))
        .hasMessage("--port '64600' leaves no room for --cluster-port 1000 above it: give it");
  }

  @Test
  void whatCannotWorkIsRefusedInWords() {
    assertThatThrownBy(() -> config(Map.of(Setting.NODES, "n1:1")))
        .hasMessage("--nodes 'n1:1' is not of the form ID=HOST:PEERPORT,...");
    assertThatThrownBy(() -> config(Map.of(Setting.NODES, "n2=a:1,n2=b:1")))
        .hasMessageContaining("names n2 twice");
    assertThatThrownBy(() -> config(Map.of(Setting.ID, "n9"))).hasMessageContaining("n9");
    assertThatThrownBy(() -> config(Map.of(Setting.BIND, "0.0.0.0")))
        .hasMessageContaining("protected mode");
    assertThatThrownBy(() -> config(Map.of(Setting.MIN_FREE_BYTES, "1G")))
        .hasMessage("--min-free-bytes '1G' is not a whole number of bytes");
    assertThatThrownBy(() -> config(Map.of(Setting.PORT, "65536"))).hasMessageContaining("65535");
  }
}
