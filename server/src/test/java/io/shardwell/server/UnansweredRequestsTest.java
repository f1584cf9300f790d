package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Shows that requests under way do not fill the node's memory. Clients alternate SETs of large
 * values with GETs of the same shard, so that all but the first wait their turn on the node. The
 * node, alone of three, has no leader to bring them to; it answers each in the end. What it says it
 * holds is looked at all the while.
 */
class UnansweredRequestsTest {

  private static final int PATIENCE_MILLIS = 60_000;
  private static final Pattern HELD = Pattern.compile("mem_clients_normal:(\\d+)");
  private static final Pattern UNDER_WAY = Pattern.compile(" argv-mem=(\\d+)");

  private static final int VALUE_BYTES = 8 << 20;
  private static final int MOST_ATTEMPTS = 10;

  private static final int LARGEST_REQUEST_BYTES = VALUE_BYTES + 1000;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final byte[] zeros = new byte[VALUE_BYTES];

  @SuppressWarnings("NullAway.Init") // By start(), the first deed of each test.
  private Node node;

  private void start(int ioThreads) throws NodeStartException {
    node =
        Node.start(
            NodeConfig.builder("n1")
                .node("n1", "127.0.0.1", 0)
                .node("n2", "127.0.0.1", 1)
                .node("n3", "127.0.0.1", 2)
                .port(0)
                .shards(1)
                .ioThreads(ioThreads)
                .build());
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
    node.close();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), node.port());
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private void send(Socket socket, int pairs) throws IOException {
    OutputStream out = socket.getOutputStream();
    for (int i = 0; i < pairs; i++) {
      out.write(bytes("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$" + VALUE_BYTES + "\r\n"));
      out.write(zeros);
      out.write(bytes("\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n"));
    }
  }

  /** Sends all, and reads an answer, a line, to each. */
  private Void sendAndRead(Socket socket, int pairs) throws Exception {
    try (socket) {
      Future<?> sent =
          threads.submit(
              () -> {
                send(socket, pairs);
                return null;
              });
      DataInputStream in = new DataInputStream(socket.getInputStream());
      for (int i = 0; i < 2 * pairs; i++) {
        int b = in.readUnsignedByte();
        assertThat((char) b).isEqualTo('-');
        while (b != '\n') {
          b = in.readUnsignedByte();
        }
      }
      sent.get();
    }
    return null;
  }

  private List<Long> numbers(String section, String subject, Pattern field) {
    String text = node.execute(section, subject).join().toString();
    return field.matcher(text).results().map(each -> Long.parseLong(each.group(1))).toList();
  }

  /** What each client has under way. */
  private List<Long> underWay() {
    return numbers("CLIENT", "LIST", UNDER_WAY);
  }

  private long held() {
    return numbers("INFO", "memory", HELD).get(0);
  }

  private void awaitNothingHeld() {
    TestCluster.await(() -> held() == 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void oneClientIsNotReadFromForAWhileAndThenServedOn(int ioThreads) throws Exception {
    start(ioThreads);
    Future<Void> client = threads.submit(() -> sendAndRead(connect(), 6));
    long most = 0;
    while (!client.isDone()) {
      most = Math.max(most, underWay().stream().mapToLong(Long::longValue).sum());
    }
    client.get();
    assertThat(most)
        .isBetween(
            ClientLimits.MAX_PIPELINED_BYTES,
            ClientLimits.MAX_PIPELINED_BYTES + LARGEST_REQUEST_BYTES);
    awaitNothingHeld();
  }

  @Test
  void allTogetherAreNotReadFromForAWhileAndThenServedOn() throws Exception {
    start(1);
    int count = (int) (ClientLimits.MAX_UNANSWERED_BYTES / ClientLimits.MAX_PIPELINED_BYTES) + 2;
    List<Future<Void>> clients = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Socket socket = connect();
      clients.add(threads.submit(() -> sendAndRead(socket, 5)));
    }
    long most = 0;
    while (!clients.stream().allMatch(Future::isDone)) {
      most = Math.max(most, underWay().stream().mapToLong(Long::longValue).sum());
    }
    for (Future<Void> client : clients) {
      client.get();
    }
    assertThat(most)
        .isBetween(
            ClientLimits.MAX_UNANSWERED_BYTES,
            ClientLimits.MAX_UNANSWERED_BYTES + LARGEST_REQUEST_BYTES);
    awaitNothingHeld();
  }

  /**
   * What clients that have gone left behind counts until it is answered. On a slow machine it may
   * be answered before the test has looked: then once more.
   */
  @Test
  void whatIsLeftBehindCounts() throws Exception {
    start(1);
    boolean seen = false;
    for (int attempt = 0; attempt < MOST_ATTEMPTS && !seen; attempt++) {
      try (Socket goes = connect()) {
        send(goes, 2);
        TestCluster.await(() -> held() >= 2 * VALUE_BYTES);
        goes.setSoLinger(true, 0); // A mere end of its side would leave it waiting for answers.
      }
      TestCluster.await(() -> underWay().isEmpty());
      seen = held() >= VALUE_BYTES;
    }
    assertThat(seen).isTrue();
    awaitNothingHeld();
  }
}
