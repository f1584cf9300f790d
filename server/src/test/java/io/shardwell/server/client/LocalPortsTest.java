package io.shardwell.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Shows the difference between a port that somebody has and one that nobody has, and that reserved
 * ports are given once and stay free however many connections this machine makes meanwhile.
 */
class LocalPortsTest {

  private static final int OUTGOING = 500;

  @Test
  void aPortIsBusyExactlyWhileSomebodyListens() throws IOException {
    int port = LocalPorts.reserve(1).get(0);
    try (ServerSocket listener = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      assertThat(LocalPorts.isFree("127.0.0.1", port)).isFalse();
      RespClient.connect("127.0.0.1", port, Duration.ofSeconds(10)).close();
      listener.accept().close();
    }
    // The connection just made lingers; a server could start all the same.
    assertThat(LocalPorts.isFree("127.0.0.1", port)).isTrue();
  }

  @Test
  void noPortIsGivenTwiceAndNoOutgoingConnectionTakesOne() throws IOException {
    List<Integer> reserved = LocalPorts.reserve(150);
    assertThat(reserved).doesNotHaveDuplicates().doesNotContainAnyElementsOf(LocalPorts.reserve(5));

    List<RespClient> open = new ArrayList<>();
    try (ServerSocket listener = new ServerSocket(0, OUTGOING, InetAddress.getLoopbackAddress())) {
      for (int i = 0; i < OUTGOING; i++) {
        open.add(RespClient.connect("127.0.0.1", listener.getLocalPort(), Duration.ofSeconds(10)));
      }
      assertThat(reserved).allMatch(port -> LocalPorts.isFree("127.0.0.1", port));
    } finally {
      for (RespClient connection : open) {
        connection.close();
      }
    }
  }
}
