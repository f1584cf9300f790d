package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.shardwell.raftgroup.PeerAddress;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Shows that settings are completed sensibly, and refused in words that say what to change. */
class NodeConfigTest {

  @Test
  void aClusterOfOneNeedsNothing() {
    NodeConfig config = NodeConfig.builder("n1").build();
    assertThat(config.nodes())
        .containsExactly(Map.entry("n1", new PeerAddress("127.0.0.1", 16379)));
    assertThat(config.advertisedHost()).isEqualTo("127.0.0.1");
    assertThat(config.port()).isEqualTo(6379);
    assertThat(config.durable()).isFalse();
  }

  @Test
  void thePeerPortIsTheListedOne() {
    NodeConfig config =
        NodeConfig.builder("a").nodes(Map.of("a", "10.0.0.1:7001", "b", "[::1]:7002")).build();
    assertThat(config.peerPort()).isEqualTo(7001);
    assertThat(config.nodes().get("b")).isEqualTo(new PeerAddress("::1", 7002));
  }

  @Test
  void anOpenBindAddressNeedsAnExplicitWord() {
    NodeConfig.Builder open = NodeConfig.builder("n1").bind("0.0.0.0");
    assertThatThrownBy(open::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("protected mode");
    assertThat(open.insecure(true).node("n1", "db1.example", 7001).build().advertisedHost())
        .isEqualTo("db1.example");
  }

  @Test
  void refusalsSayWhatIsWrong() {
    assertRefused(NodeConfig.builder("n 1"), "node id 'n 1' must be");
    assertRefused(NodeConfig.builder("n1").node("n2", "h", 1), "nodes must list this node: n1");
    assertRefused(NodeConfig.builder("n1").port(65_536), "port must be 0 to 65535, is 65536");
    assertRefused(NodeConfig.builder("n1").textPort(-2), "text-port must be -1 to 65535 (-1: off)");
    assertRefused(NodeConfig.builder("n1").shards(0), "shards must be 1 to 1024, is 0");
    assertRefused(NodeConfig.builder("n1").replicas(0), "replicas must be 1 to 7");
    assertRefused(NodeConfig.builder("n1").ioThreads(0), "io-threads must be 1 to 16, is 0");
    assertRefused(NodeConfig.builder("n1").ioThreads(17), "io-threads must be 1 to 16, is 17");
    assertRefused(
        NodeConfig.builder("n1").minFreeBytes(1), "min-free-bytes must be at least 67108864");
    assertRefused(
        NodeConfig.builder("n1").node("n1", "h", 1).node("n2", "h", 1), "the same address");
    assertThatThrownBy(() -> NodeConfig.builder("n1").nodes(Map.of("n1", "host")))
        .hasMessage("nodes: n1 needs HOST:PEERPORT, is 'host'");
    assertThatThrownBy(() -> NodeConfig.builder("n1").nodes(Map.of("n1", "host:x")))
        .hasMessage("nodes: n1 needs HOST:PEERPORT, is 'host:x'");
  }

  private static void assertRefused(NodeConfig.Builder builder, String message) {
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
