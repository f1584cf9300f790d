package io.shardwell.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Shows the difference between a port that somebody has and one that nobody has. */
class LocalPortsTest {

  @Test
  void aPortIsBusyExactlyWhileSomebodyListens() throws IOException {
    int port;
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = listener.getLocalPort();
      assertThat(LocalPorts.isFree("127.0.0.1", port)).isFalse();
      RespClient.connect("127.0.0.1", port, Duration.ofSeconds(10)).close();
      listener.accept().close();
    }
    // The connection just made lingers; a server could start all the same.
    assertThat(LocalPorts.isFree("127.0.0.1", port)).isTrue();
  }
}
