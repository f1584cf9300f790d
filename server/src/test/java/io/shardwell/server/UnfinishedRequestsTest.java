package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Shows that clients in the middle of large requests do not fill the node's memory: they send so
 * much and then nothing that all together hold nearly {@link ClientLimits#MAX_ARRIVING_BYTES}; one
 * more, and the largest is closed, told so, and the others are served on.
 */
class UnfinishedRequestsTest {

  private static final int PATIENCE_MILLIS = 60_000;
  private static final Pattern EVICTED = Pattern.compile("evicted_clients:(\\d+)");
  private static final Pattern QBUF = Pattern.compile(" qbuf=(\\d+)");

  private static final int WORD_BYTES = 15 << 20;

  /** Three words and the beginning of the fourth. */
  private static final int BYTES_EACH = 3 * WORD_BYTES + 1000;

  private static final int LARGEST_BYTES = BYTES_EACH + (1 << 20);

  private Node node;
  private final List<Socket> sockets = new ArrayList<>();
  private final byte[] zeros = new byte[WORD_BYTES];

  @BeforeEach
  void start() throws Exception {
    node = Node.start(NodeConfig.builder("n1").port(0).peerPort(0).shards(1).build());
    assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
  }

  @AfterEach
  void stop() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    node.close();
  }

  private Socket open() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), node.port());
    socket.setSoTimeout(PATIENCE_MILLIS);
    sockets.add(socket);
    return socket;
  }

  private static void send(Socket socket, String bytes) throws IOException {
    socket.getOutputStream().write(bytes.getBytes(StandardCharsets.US_ASCII));
  }

  /** A request that its last bytes are missing from. */
  private void sendUnfinished(Socket socket, int bytes) throws IOException {
    OutputStream out = socket.getOutputStream();
    send(socket, "*5\r\n$6\r\nEXISTS\r\n");
    for (int left = bytes; left > 0; left -= zeros.length) {
      send(socket, "$" + zeros.length + "\r\n");
      out.write(zeros, 0, Math.min(left, zeros.length));
      send(socket, left < zeros.length ? "" : "\r\n");
    }
  }

  /** What the node says it holds of unfinished requests. */
  private long held() {
    return QBUF.matcher(node.execute("CLIENT", "LIST").join().toString())
        .results()
        .map((MatchResult each) -> each.group(1))
        .mapToLong(Long::parseLong)
        .sum();
  }

  private int evicted() {
    String stats = node.execute("INFO", "stats").join().toString();
    return EVICTED
        .matcher(stats)
        .results()
        .mapToInt(each -> Integer.parseInt(each.group(1)))
        .findFirst()
        .orElseThrow();
  }

  /** Or until the node finds it too much. */
  private void awaitHeld(long bytes) {
    long deadline = System.nanoTime() + PATIENCE_MILLIS * 1_000_000L;
    while (held() < bytes && evicted() == 0) {
      assertThat(System.nanoTime()).as("patience").isLessThan(deadline);
    }
  }

  private static String line(Socket socket) throws IOException {
    StringBuilder line = new StringBuilder();
    InputStream in = socket.getInputStream();
    for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
      line.append((char) b);
    }
    return line.toString();
  }

  @Test
  void theLargestIsClosedAndTheOthersAreServedOn() throws Exception {
    Socket largest = open();
    sendUnfinished(largest, LARGEST_BYTES);
    List<Socket> others = new ArrayList<>();
    long sent = LARGEST_BYTES;
    awaitHeld(sent);
    while (evicted() == 0) {
      Socket other = open();
      sendUnfinished(other, BYTES_EACH);
      others.add(other);
      sent += BYTES_EACH;
      awaitHeld(sent);
    }

    assertThat(line(largest)).startsWith("-ERR closing this connection: unfinished requests take");
    assertThat(largest.getInputStream().read()).isEqualTo(-1);
    assertThat(held()).isLessThanOrEqualTo(ClientLimits.MAX_ARRIVING_BYTES);
    for (Socket served : others) {
      served.getOutputStream().write(zeros, 0, 4 * WORD_BYTES - BYTES_EACH);
      send(served, "\r\n");
      assertThat(line(served)).startsWith("-ERR command exceeds maximum allowed size");
    }
    assertThat(evicted()).isEqualTo(1);
  }

  /** Requests that are whole, or whose client has gone, are counted no more. */
  @Test
  void nothingIsHeldOnceAllAreAnsweredOrGone() throws Exception {
    Socket gone = open();
    sendUnfinished(gone, 1 << 20);
    awaitHeld(1 << 20);
    gone.close();
    Socket queues = open();
    send(queues, "MULTI\r\nSET a " + "v".repeat(1000) + "\r\n");
    assertThat(line(queues)).startsWith("+OK");
    assertThat(line(queues)).startsWith("+QUEUED");
    awaitHeld(1000);
    send(queues, "EXEC\r\n");
    assertThat(line(queues)).startsWith("*1");
    assertThat(line(queues)).startsWith("+OK");
    long deadline = System.nanoTime() + PATIENCE_MILLIS * 1_000_000L;
    while (held() > 0) {
      assertThat(System.nanoTime()).as("patience").isLessThan(deadline);
    }
  }
}
