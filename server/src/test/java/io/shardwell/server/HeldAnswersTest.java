package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Shows that clients that do not read do not fill the node's memory although each of them stays
 * below {@link ClientLimits#SOFT_HELD_BYTES}: they ask until all together hold nearly {@link
 * ClientLimits#MAX_HELD_BYTES}; one more, and the one that holds most is closed, and the others get
 * all they asked for.
 */
class HeldAnswersTest {

  private static final int PATIENCE_MILLIS = 60_000;
  private static final int VALUE_BYTES = 1 << 20;
  private static final String ANSWER_HEAD = "$" + VALUE_BYTES + "\r\n";
  private static final int ANSWER_BYTES = ANSWER_HEAD.length() + VALUE_BYTES + 2;

  private static final int ASKED_BY_LARGEST =
      (int) (ClientLimits.SOFT_HELD_BYTES / VALUE_BYTES) - 2;
  private static final int ASKED = ASKED_BY_LARGEST - 10;

  private static Socket ask(Node node, int count) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(64 << 10);
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()));
    socket
        .getOutputStream()
        .write("GET large\r\n".repeat(count).getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static long info(Node node, String section, String field) {
    String text = node.execute("INFO", section).join().toString();
    Matcher value = Pattern.compile(field + ":(\\d+)").matcher(text);
    assertThat(value.find()).isTrue();
    return Long.parseLong(value.group(1));
  }

  private static long evicted(Node node) {
    return info(node, "stats", "evicted_clients");
  }

  /** What is left to read of so many bytes; the end may be a reset. */
  private static long read(Socket socket, long most) throws IOException {
    long read = 0;
    byte[] buffer = new byte[64 << 10];
    try {
      for (int n = 0; n >= 0 && read < most; read += n) {
        n = socket.getInputStream().read(buffer, 0, (int) Math.min(buffer.length, most - read));
        if (n < 0) {
          break;
        }
      }
    } catch (SocketException reset) {
      return read;
    }
    return read;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void theOneWithMostIsClosedAndTheOthersAreServedOn(int ioThreads) throws Exception {
    List<Socket> others = new ArrayList<>();
    try (Node node =
        Node.start(
            NodeConfig.builder("n1").port(0).peerPort(0).shards(1).ioThreads(ioThreads).build())) {
      assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
      node.execute("SET", "large", "v".repeat(VALUE_BYTES)).join();
      long asked = (long) ASKED_BY_LARGEST * VALUE_BYTES;
      Socket largest = ask(node, ASKED_BY_LARGEST);
      while (evicted(node) == 0) {
        assertThat(asked).isLessThan(ClientLimits.MAX_HELD_BYTES + ClientLimits.MAX_HELD_BYTES / 4);
        others.add(ask(node, ASKED));
        asked += (long) ASKED * VALUE_BYTES;
        // What the system takes for the sockets is not held.
        long expected = asked - (long) (others.size() + 1) * 8 * VALUE_BYTES;
        TestCluster.await(
            () -> evicted(node) > 0 || info(node, "memory", "mem_clients_normal") >= expected);
      }

      assertThat(read(largest, Long.MAX_VALUE)).isLessThan((long) ASKED_BY_LARGEST * ANSWER_BYTES);
      int whole = 0;
      for (Socket other : others) {
        long read = read(other, (long) ASKED * ANSWER_BYTES);
        whole += read == (long) ASKED * ANSWER_BYTES ? 1 : 0;
      }
      // The last one may have asked when those before had enough under way for the first closing.
      assertThat(evicted(node)).isBetween(1L, 2L);
      assertThat(whole).isEqualTo(others.size() + 1 - evicted(node));
      TestCluster.await(() -> info(node, "memory", "mem_clients_normal") == 0);
      largest.close();
    } finally {
      for (Socket other : others) {
        other.close();
      }
    }
  }
}
