package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.statemachine.Reply;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Shows that clients whose sockets are on threads of their own are served as if they were on the
 * node's: in order, within the same limits, to the last answer at a stop; against a model, and with
 * one of the two threads held up.
 */
class ClientLoopsTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int SOCKET_PATIENCE_MILLIS = 60_000;
  private static final int VALUE_BYTES = 1 << 20;

  private final ExecutorService threads = Executors.newCachedThreadPool();

  @SuppressWarnings("NullAway.Init") // By start(), the first deed of each test.
  private Node node;

  private void start(int ioThreads) throws NodeStartException {
    node =
        Node.start(
            NodeConfig.builder("n1").port(0).peerPort(0).shards(2).ioThreads(ioThreads).build());
    assertThat(node.awaitReady(PATIENCE)).isTrue();
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
    node.close();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), node.port());
    socket.setSoTimeout(SOCKET_PATIENCE_MILLIS);
    socket.setTcpNoDelay(true);
    return socket;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String bulk(String value) {
    return "$" + value.length() + "\r\n" + value + "\r\n";
  }

  private static void pingPong(Socket socket) throws IOException {
    socket.getOutputStream().write(bytes("PING\r\n"));
    assertThat(socket.getInputStream().readNBytes(7)).isEqualTo(bytes("+PONG\r\n"));
  }

  /** One client's pipeline, and what a naive store answers to it. */
  private static final class Script {
    private final Random random;
    private final String prefix;
    private final Map<String, String> store = new HashMap<>();
    final ByteArrayOutputStream requests = new ByteArrayOutputStream();
    final ByteArrayOutputStream answers = new ByteArrayOutputStream();

    Script(long seed, int client) {
      this.random = new Random(seed * 1000 + client);
      this.prefix = "c" + client + ":";
    }

    /** Mostly short, some larger than one read, few larger than what may wait for a socket. */
    private String value() {
      int kind = random.nextInt(100);
      int most = kind < 90 ? 60 : kind < 99 ? 100_000 : 1_200_000;
      return Character.toString('a' + random.nextInt(26)).repeat(random.nextInt(most));
    }

    void add() {
      String key = prefix + random.nextInt(4);
      switch (random.nextInt(6)) {
        case 0 -> {
          String value = value();
          store.put(key, value);
          say("+OK\r\n", "SET", key, value);
        }
        case 1, 2 -> {
          String value = store.get(key);
          say(value == null ? "$-1\r\n" : bulk(value), "GET", key);
        }
        case 3 -> say(":" + (store.remove(key) == null ? 0 : 1) + "\r\n", "DEL", key);
        case 4 -> say("+PONG\r\n", "PING");
        default -> {
          String value = value();
          say(bulk(value), "ECHO", value);
        }
      }
    }

    private void say(String answer, String... words) {
      requests.writeBytes(bytes("*" + words.length + "\r\n"));
      for (String word : words) {
        requests.writeBytes(bytes(bulk(word)));
      }
      answers.writeBytes(bytes(answer));
    }
  }

  /** 32 clients with a random pipeline each, in pieces of random length, all at once. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void everyPipelineIsAnsweredInOrder(int ioThreads) throws Exception {
    start(ioThreads);
    List<Future<byte[]>> answered = new ArrayList<>();
    List<byte[]> expected = new ArrayList<>();
    for (int client = 0; client < 32; client++) {
      Script script = new Script(7, client);
      for (int i = 0; i < 300; i++) {
        script.add();
      }
      expected.add(script.answers.toByteArray());
      answered.add(threads.submit(exchange(script, new Random(client))));
    }
    for (int client = 0; client < expected.size(); client++) {
      assertThat(answered.get(client).get())
          .as("client %d", client)
          .isEqualTo(expected.get(client));
    }
    assertThat(node.stopped()).isNotDone();
  }

  private Callable<byte[]> exchange(Script script, Random random) {
    byte[] requests = script.requests.toByteArray();
    return () -> {
      try (Socket socket = connect()) {
        Future<Void> sent =
            threads.submit(
                () -> {
                  for (int at = 0; at < requests.length; ) {
                    int most = random.nextInt(5) == 0 ? 50 : 100_000;
                    int length = Math.min(1 + random.nextInt(most), requests.length - at);
                    socket.getOutputStream().write(requests, at, length);
                    at += length;
                  }
                  socket.shutdownOutput();
                  return null;
                });
        byte[] answers = socket.getInputStream().readAllBytes();
        sent.get();
        return answers;
      }
    };
  }

  /**
   * Clients that go in all ways while their answers are under way: they close with answers unread,
   * they reset, they are killed by another. Nothing of them stays, and others are served.
   */
  @Test
  void clientsThatGoWhileAnswersAreUnderWayLeaveNothing() throws Exception {
    try (LeakReports leaks = LeakReports.begin()) {
      start(3);
      node.execute("SET", "large", "v".repeat(VALUE_BYTES / 4)).join();
      List<Future<Void>> clients = new ArrayList<>();
      for (int client = 0; client < 30; client++) {
        Random random = new Random(client);
        clients.add(threads.submit(() -> goAway(random)));
      }
      for (Future<Void> client : clients) {
        client.get();
      }
      TestCluster.await(() -> info("clients").contains("connected_clients:0\r\n"));
      try (Socket socket = connect()) {
        pingPong(socket);
      }
      node.close();
      assertThat(node.stopped()).isCompleted();
      assertThat(leaks.all()).isEmpty();
    }
  }

  private Void goAway(Random random) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(bytes("CLIENT ID\r\n"));
      String id = line(socket.getInputStream()).substring(1);
      socket.getOutputStream().write(bytes("GET large\r\nPING\r\n".repeat(20)));
      socket.getInputStream().readNBytes(random.nextInt(VALUE_BYTES));
      switch (random.nextInt(3)) {
        case 0 -> socket.setSoLinger(true, 0);
        case 1 -> node.execute("CLIENT", "KILL", "ID", id).join();
        default -> socket.shutdownOutput();
      }
    } catch (SocketException reset) {
      return null;
    }
    return null;
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException(line.toString());
      }
      line.append((char) b);
    }
    return line.toString().strip();
  }

  /** What the node has begun to execute it answers before it closes, on whatever thread. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void aStopAnswersWhatIsUnderWay(int ioThreads) throws Exception {
    start(ioThreads);
    List<Socket> sockets = new ArrayList<>();
    for (int client = 0; client < 20; client++) {
      Socket socket = connect();
      sockets.add(socket);
      // One read takes all of them.
      socket.getOutputStream().write(bytes(("INCR n" + client + "\r\n").repeat(300)));
      assertThat(line(socket.getInputStream())).isEqualTo(":1");
    }
    node.close();
    for (Socket socket : sockets) {
      for (int i = 2; i <= 300; i++) {
        assertThat(line(socket.getInputStream())).isEqualTo(":" + i);
      }
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
      socket.close();
    }
  }

  /** With the node's loop held up, a client's thread reads so much of it and no more. */
  @Test
  void whatIsReadAheadOfTheNodesLoopIsBounded() throws Exception {
    start(2);
    int values = 32;
    try (Socket socket = connect()) {
      pingPong(socket);
      SocketOnClientLoop server = onlySocket();
      CountDownLatch release = holdUp(nodeLoop());
      Future<Void> sent =
          threads.submit(
              () -> {
                String set = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n" + bulk("v".repeat(VALUE_BYTES));
                for (int i = 0; i < values; i++) {
                  socket.getOutputStream().write(bytes(set));
                }
                return null;
              });
      TestCluster.await(() -> !server.channel.config().isAutoRead());
      long arrived =
          on(
              clientLoop(0).io,
              () -> field(SocketOnClientLoop.class, "arrivedBytes", server, Long.class));
      assertThat(arrived)
          .isBetween((long) ClientLimits.INPUT_HIGH_BYTES, ClientLimits.INPUT_HIGH_BYTES * 2L);
      release.countDown();
      assertThat(socket.getInputStream().readNBytes(5 * values))
          .isEqualTo(bytes("+OK\r\n".repeat(values)));
      sent.get();
    }
  }

  /** With a client's thread held up, the node encodes so much for its socket and no more. */
  @Test
  void whatIsWrittenAheadOfAClientsLoopIsBounded() throws Exception {
    start(2);
    String value = "v".repeat(VALUE_BYTES / 4);
    node.execute("SET", "large", value).join();
    int asked = 100;
    byte[] requests = bytes("GET large\r\n".repeat(asked));
    try (Socket socket = connect()) {
      pingPong(socket);
      ClientConnection connection =
          field(SocketOnClientLoop.class, "connection", onlySocket(), ClientConnection.class);
      CountDownLatch release = holdUp(clientLoop(0).io);
      nodeLoop().execute(() -> connection.arrived(requests, requests.length));
      TestCluster.await(() -> number(info("stats"), "total_commands_processed") > asked);
      // Answered after the others, which were there before.
      assertThat(node.execute("GET", "large").join()).isNotEqualTo(Reply.NIL);
      assertThat(number(info("stats"), "total_net_output_bytes"))
          .isBetween(
              (long) ClientLimits.OUTPUT_HIGH_BYTES,
              ClientLimits.OUTPUT_HIGH_BYTES + VALUE_BYTES / 2L);
      release.countDown();
      assertThat(socket.getInputStream().readNBytes(bulk(value).length() * asked))
          .isEqualTo(bytes(bulk(value).repeat(asked)));
    }
  }

  /** New connections go where the fewest are, also after others have gone. */
  @Test
  void connectionsAreSharedOutEvenly() throws Exception {
    start(4);
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      sockets.add(connect());
      pingPong(sockets.get(i));
    }
    assertThat(channels()).containsExactly(10, 10, 10);
    for (int i = 0; i < 30; i += 3) {
      sockets.get(i).close();
    }
    TestCluster.await(() -> channels().stream().mapToInt(n -> n).sum() == 20);
    for (int i = 0; i < 10; i++) {
      sockets.add(connect());
      pingPong(sockets.get(30 + i));
    }
    assertThat(channels()).containsExactly(10, 10, 10);
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  /** A broken invariant on a client's loop stops the node, as one on its own loop does. */
  @Test
  void aFaultOnAClientsLoopStopsTheNode() throws Exception {
    start(3);
    IllegalStateException broken = new IllegalStateException("broken invariant");
    clientLoop(1)
        .io
        .execute(
            () -> {
              throw broken;
            });
    assertThat(node.stopped().handle((done, fault) -> fault).get()).hasRootCause(broken);
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("shardwell-n1-io-"));
  }

  private String info(String section) {
    return node.execute("INFO", section).join().toString();
  }

  private static long number(String info, String field) {
    String from = info.substring(info.indexOf(field + ":") + field.length() + 1);
    return Long.parseLong(from.substring(0, from.indexOf('\r')));
  }

  private List<Integer> channels() {
    List<ClientLoop> loops = clientLoops();
    return on(nodeLoop(), () -> loops.stream().map(ClientLoop::channels).toList());
  }

  private NettyEventLoop nodeLoop() {
    return field(Node.class, "loop", node, NettyEventLoop.class);
  }

  private List<ClientLoop> clientLoops() {
    ClientLoops all = field(Node.class, "clientLoops", node, ClientLoops.class);
    List<?> further = field(ClientLoops.class, "further", all, List.class);
    return further.stream().map(ClientLoop.class::cast).toList();
  }

  private ClientLoop clientLoop(int i) {
    return clientLoops().get(i);
  }

  /** Of the one client that is connected. */
  private SocketOnClientLoop onlySocket() {
    Object running = field(Node.class, "running", node, Object.class);
    ClientSide side = field(running.getClass(), "clientSide", running, ClientSide.class);
    return on(
        nodeLoop(),
        () -> {
          Set<?> connections = field(ClientSide.class, "connections", side, Set.class);
          assertThat(connections).hasSize(1);
          return field(
              ClientConnection.class,
              "socket",
              connections.iterator().next(),
              SocketOnClientLoop.class);
        });
  }

  private static <T> T on(NettyEventLoop loop, Supplier<T> question) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    loop.execute(() -> answer.complete(question.get()));
    return answer.join();
  }

  /** Holds up the loop until the latch is counted down; returns when it stands still. */
  private static CountDownLatch holdUp(NettyEventLoop loop) {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch held = new CountDownLatch(1);
    loop.execute(
        () -> {
          held.countDown();
          awaitQuietly(release);
        });
    awaitQuietly(held);
    return release;
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static <T> T field(Class<?> owner, String name, Object of, Class<T> type) {
    try {
      Field found = owner.getDeclaredField(name);
      found.setAccessible(true);
      return type.cast(Objects.requireNonNull(found.get(of)));
    } catch (ReflectiveOperationException renamed) {
      throw new LinkageError(name, renamed);
    }
  }
}
