package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Shows that a client that ends its side gets every answer however slowly it reads: its socket is
 * small, so that answers leave in many parts, and there are more than may wait for it.
 */
class HalfClosedClientTest {

  private static final int VALUE_BYTES = 1 << 20;
  private static final int ASKED = 40;

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void getsEveryAnswer(int ioThreads) throws Exception {
    NodeConfig config =
        NodeConfig.builder("n1").port(0).peerPort(0).shards(1).ioThreads(ioThreads).build();
    try (Node node = Node.start(config);
        Socket socket = new Socket()) {
      assertThat(node.awaitReady(Duration.ofSeconds(60))).isTrue();
      String value = "v".repeat(VALUE_BYTES);
      node.execute("SET", "large", value).join();
      socket.setSoTimeout(60_000);
      socket.setReceiveBufferSize(16 << 10);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()));
      socket
          .getOutputStream()
          .write("GET large\r\n".repeat(ASKED).getBytes(StandardCharsets.US_ASCII));
      socket.shutdownOutput();
      byte[] answer =
          ("$" + VALUE_BYTES + "\r\n" + value + "\r\n").getBytes(StandardCharsets.US_ASCII);
      InputStream in = socket.getInputStream();
      for (int i = 0; i < ASKED; i++) {
        assertThat(in.readNBytes(answer.length)).as("answer %d", i).isEqualTo(answer);
      }
      assertThat(in.read()).isEqualTo(-1);
      assertThat(node.stopped()).isNotDone();
    }
  }
}
