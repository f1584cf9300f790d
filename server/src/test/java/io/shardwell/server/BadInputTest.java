package io.shardwell.server;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Shows what a node says to nonsense, and that it serves on: raw bytes over sockets against one
 * node in memory, with Redis's own error texts; after each test the node must answer as if nothing
 * had happened. With the sockets on the node's loop and on others.
 */
@ParameterizedClass
@ValueSource(ints = {1, 3})
class BadInputTest {

  private static final int MAX_CLIENTS = 2000;
  private static final int PATIENCE_MILLIS = 20_000;

  @SuppressWarnings("NullAway.Init") // Before the tests, by start().
  private static Node node;

  private final List<Socket> sockets = new ArrayList<>();

  @Parameter int ioThreads;

  @BeforeParameterizedClassInvocation
  static void start(int ioThreads) throws Exception {
    node =
        Node.start(
            NodeConfig.builder("n1")
                .port(0)
                .peerPort(0)
                .clusterPort(0)
                .textPort(0)
                .httpPort(0)
                .shards(2)
                .maxClients(MAX_CLIENTS)
                .ioThreads(ioThreads)
                .build());
    assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    node.close();
  }

  @AfterEach
  void servesOn() throws Exception {
    for (Socket socket : sockets) {
      socket.close();
    }
    assertThat(node.stopped()).isNotDone();
    try (Socket socket = connect(node.port())) {
      send(socket, "SET alive 1\r\nGET alive\r\n");
      assertThat(read(socket, "$1\r\n1\r\n")).endsWith("+OK\r\n$1\r\n1\r\n");
    }
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.setTcpNoDelay(true);
    return socket;
  }

  private Socket open() throws IOException {
    Socket socket = connect(node.port());
    sockets.add(socket);
    return socket;
  }

  private static void send(Socket socket, String bytes) throws IOException {
    socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
  }

  /** Reads until the answer ends so. */
  private static String read(Socket socket, String end) throws IOException {
    StringBuilder answer = new StringBuilder();
    InputStream in = socket.getInputStream();
    while (!answer.toString().endsWith(end)) {
      int b = in.read();
      assertThat(b).as("after '%s'", answer).isNotEqualTo(-1);
      answer.append((char) b);
    }
    return answer.toString();
  }

  private static String readToEnd(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
  }

  private static Map<String, String> mistakes() {
    return Map.ofEntries(
        entry("FOO a b", "ERR unknown command 'FOO', with args beginning with: 'a' 'b' "),
        entry("BLPOP a 0", "ERR unknown command 'BLPOP', with args beginning with: 'a' '0' "),
        entry("EXEC", "ERR EXEC without MULTI"),
        entry("GET", "ERR wrong number of arguments for 'get' command"),
        entry("PING a b", "ERR wrong number of arguments for 'ping' command"),
        entry("ECHO", "ERR wrong number of arguments for 'echo' command"),
        entry("SELECT 1", "ERR DB index is out of range"),
        entry("SELECT x", "ERR value is not an integer or out of range"),
        entry("HELLO 4", "NOPROTO unsupported protocol version"),
        entry("CLIENT FOO", "ERR unknown subcommand 'FOO'. Try CLIENT HELP."),
        entry("CLIENT SETNAME", "ERR wrong number of arguments for 'client|setname' command"),
        entry(
            "CONFIG SET foo 1", "ERR Unknown option or number of arguments for CONFIG SET - 'foo'"),
        entry("CLUSTER SLOTS", "ERR This instance has cluster support disabled"));
  }

  @Test
  void mistakesAreAnsweredAndForgiven() throws Exception {
    Socket socket = open();
    for (Map.Entry<String, String> mistake : mistakes().entrySet()) {
      send(socket, mistake.getKey() + "\r\nPING\r\n");
      assertThat(read(socket, "+PONG\r\n")).isEqualTo("-" + mistake.getValue() + "\r\n+PONG\r\n");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*x#|invalid multibulk length",
        "*1#!|expected '$', got '!'",
        "*1#$99999999#|invalid bulk length",
        "*3#$3#SET#$1#k#$67108865#|invalid bulk length",
        "SET \"a|unbalanced quotes in request",
      })
  void brokenRequestsAreAnsweredInOrderAndEndTheConnection(String bytes, String what)
      throws Exception {
    Socket socket = open();
    send(socket, "SET before 1\r\n" + bytes.replace("#", "\r\n") + "\r\nPING\r\n");
    assertThat(readToEnd(socket)).isEqualTo("+OK\r\n-ERR Protocol error: " + what + "\r\n");
  }

  /** A page in a browser on this machine can send these, and bodies full of commands. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "POST / HTTP/1.1#Host: x##FLUSHALL#",
        "GET / HTTP/1.1#hOST: x##FLUSHALL#",
        "MULTI#Host:#FLUSHALL#EXEC#",
      })
  void whatABrowserSendsEndsTheConnection(String request) throws Exception {
    node.execute("SET", "page", "1").join();
    for (int port : List.of(node.port(), node.clusterPort(), node.textPort())) {
      try (Socket socket = connect(port)) {
        send(socket, request.replace("#", "\r\n"));
        assertThat(socket.getInputStream().readAllBytes()).isEmpty();
      } catch (SocketException reset) {
        // Closed with bytes unread, which TCP may call a reset.
        assertThat(reset).hasMessageContaining("reset");
      }
    }
    try (Socket socket = connect(node.port())) {
      send(socket, "*1\r\n$4\r\nPoSt\r\n");
      assertThat(socket.getInputStream().readAllBytes()).isEmpty();
    }
    assertThat(node.execute("GET", "page").join().toString()).isEqualTo("Bulk[1]");
  }

  /** Once it halted the node: a count of no keys names no shard. */
  @Test
  void aTransactionOfCallsWithoutKeysIsAnswered() throws Exception {
    Socket socket = open();
    send(socket, "MULTI\r\nMSETEX 0 k v\r\nEXEC\r\nPING\r\n");
    assertThat(read(socket, "+PONG\r\n")).startsWith("+OK\r\n").contains("ERR");
  }

  /** Once each halted the node: a body that does not come, and a length that is none. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "POST /livez HTTP/1.1#Content-Length: 5##",
        "GET / HTTP/1.1#Expect: 100-continue#Content-Length: abc##",
      })
  void aBrokenHttpRequestEndsItsConnection(String request) throws Exception {
    String bytes = request.replace("#", "\r\n");
    try (Socket halfClosed = connect(node.httpPort())) {
      send(halfClosed, bytes);
      halfClosed.shutdownOutput();
      assertThat(readToEnd(halfClosed)).doesNotContain("200 OK");
    }
    try (Socket reset = connect(node.httpPort())) {
      send(reset, bytes);
      reset.setSoLinger(true, 0);
    }
    try (Socket other = connect(node.httpPort())) {
      send(other, "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n");
      assertThat(readToEnd(other)).startsWith("HTTP/1.1 200 OK");
    }
  }

  @Test
  void aValueThatIsTooLongIsReadOverAndTheConnectionStays() throws Exception {
    Socket socket = open();
    String set = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$16777217\r\n" + "v".repeat(16777217) + "\r\n";
    String tooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n";
    send(socket, set + "PING\r\n");
    assertThat(read(socket, "+PONG\r\n")).isEqualTo(tooLong + "+PONG\r\n");
    send(socket, "MULTI\r\n" + set + "EXEC\r\n");
    assertThat(read(socket, "errors.\r\n")).startsWith("+OK\r\n" + tooLong + "-EXECABORT ");
  }

  @Test
  void halfAFrameThenSilenceHoldsUpNobody() throws Exception {
    for (String half : List.of("*", "*2\r\n$3\r\nGE", "*1\r\n$16777216\r\nabc", "SET a", "\"")) {
      send(open(), half);
    }
    Socket other = open();
    send(other, "PING\r\n");
    assertThat(read(other, "\n")).isEqualTo("+PONG\r\n");
  }

  @Test
  void silentConnectionsCostTheOthersNothingAndOneTooManyIsToldSo() throws Exception {
    while (sockets.size() < MAX_CLIENTS) {
      open();
    }
    Socket last = sockets.get(MAX_CLIENTS - 1);
    send(last, "PING\r\n");
    assertThat(read(last, "\n")).isEqualTo("+PONG\r\n");
    try (Socket tooMany = connect(node.port())) {
      assertThat(readToEnd(tooMany)).isEqualTo("-ERR max number of clients reached\r\n");
    }
    for (Socket socket : sockets) {
      socket.close();
    }
    // The node learns of each end by itself; only then is there room again.
    String count = "";
    while (!count.contains("connected_clients:0\r\n")) {
      count = node.execute("INFO", "clients").join().toString();
    }
  }

  /** 200 answers of 1 MiB to a client that reads none: the node holds a bounded part of them. */
  @Test
  void aClientThatDoesNotReadIsNotServedOnAndOthersAre() throws Exception {
    Socket writer = open();
    String value = "v".repeat(1 << 20);
    send(writer, "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1048576\r\n" + value + "\r\n");
    assertThat(read(writer, "\n")).isEqualTo("+OK\r\n");
    Socket deaf = open();
    send(deaf, "GET b\r\n".repeat(200));
    send(writer, "PING\r\n");
    assertThat(read(writer, "\n")).isEqualTo("+PONG\r\n");
    // Once it does read, everything is there and in order.
    String answer = "$1048576\r\n" + value + "\r\n";
    byte[] expected = answer.getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i < 200; i++) {
      assertThat(deaf.getInputStream().readNBytes(expected.length)).isEqualTo(expected);
    }
  }

  @Test
  void aClientThatEndsItsSideStillGetsItsAnswers() throws Exception {
    Socket socket = open();
    send(socket, "SET half 1\r\nGET half\r\nINCR half\r\n");
    socket.shutdownOutput();
    assertThat(readToEnd(socket)).isEqualTo("+OK\r\n$1\r\n1\r\n:2\r\n");
  }

  @Test
  void quitEndsAfterTheAnswersBeforeIt() throws Exception {
    Socket socket = open();
    send(socket, "SET q 1\r\nQUIT\r\nSET q 2\r\n");
    assertThat(readToEnd(socket)).isEqualTo("+OK\r\n+OK\r\n");
    assertThat(node.execute("GET", "q").join().toString()).isEqualTo("Bulk[1]");
  }

  @Test
  void anEndlessPipelineIsAnsweredInFull() throws Exception {
    Socket socket = open();
    int pings = 200_000;
    Thread sender =
        new Thread(
            () -> {
              try {
                send(socket, "PING\r\n".repeat(pings));
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    sender.start();
    byte[] answers = socket.getInputStream().readNBytes(pings * 7);
    assertThat(new String(answers, StandardCharsets.US_ASCII)).isEqualTo("+PONG\r\n".repeat(pings));
    sender.join();
  }

  @Test
  void clientReplyIsObeyed() throws Exception {
    Socket socket = open();
    for (String command :
        List.of("CLIENT REPLY SKIP", "PING a", "PING b", "CLIENT REPLY OFF", "PING c", "GET x")) {
      send(socket, command + "\r\n");
    }
    send(socket, "CLIENT REPLY ON\r\nPING d\r\n");
    assertThat(read(socket, "d\r\n")).isEqualTo("$1\r\nb\r\n+OK\r\n$1\r\nd\r\n");
  }

  /** Each once answered what was to be left out: SKIP ended OFF, and was lost within EXEC. */
  @Test
  void skipLeavesRepliesOffAndOutlastsItsTransaction() throws Exception {
    Socket off = open();
    send(off, "CLIENT REPLY OFF\r\nCLIENT REPLY SKIP\r\nPING a\r\nPING b\r\n");
    send(off, "CLIENT REPLY ON\r\nPING c\r\n");
    assertThat(read(off, "c\r\n")).isEqualTo("+OK\r\n$1\r\nc\r\n");
    for (String first : List.of("SET k v", "PING x")) {
      Socket within = open();
      send(within, "MULTI\r\n" + first + "\r\nCLIENT REPLY SKIP\r\nEXEC\r\nPING a\r\nPING b\r\n");
      assertThat(read(within, "b\r\n"))
          .startsWith("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n")
          .endsWith("+OK\r\n$1\r\nb\r\n");
    }
  }

  /** Once it stayed until it said something more. */
  @Test
  void oneThatKillsItselfInATransactionIsClosedAfterItsAnswer() throws Exception {
    Socket socket = open();
    send(socket, "CLIENT ID\r\n");
    String id = read(socket, "\n").substring(1).strip();
    send(socket, "MULTI\r\nSET k v\r\nCLIENT KILL ID " + id + " SKIPME no\r\nEXEC\r\n");
    assertThat(readToEnd(socket)).endsWith("*2\r\n+OK\r\n:1\r\n");
  }

  /** The ancestor's client: no line ends, one receive of at most 1024 bytes for each command. */
  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "\r\n"})
  void plainTextIsAnsweredLineByLine(String lineEnd) throws Exception {
    try (Socket socket = connect(node.textPort())) {
      List<String> answers = new ArrayList<>();
      for (String command :
          List.of("SET A 123", "SET B ANACONDA", "GET A", "GET B", "EXPIRE B 10", "TTL B", "GET")) {
        send(socket, command + lineEnd);
        answers.add(read(socket, "\n").strip());
      }
      assertThat(answers)
          .containsExactly(
              "OK",
              "OK",
              "123",
              "ANACONDA",
              "1",
              "10",
              "ERR wrong number of arguments for 'get' command");
    }
  }

  /** The clock is another connection, opened later, whose unended command quiet takes. */
  @Test
  void aLineThatPausesIsOneCommand() throws Exception {
    try (Socket pausing = connect(node.textPort());
        Socket clock = connect(node.textPort())) {
      send(pausing, "SET a 1\nSET ab 2\n");
      assertThat(read(pausing, "OK\nOK\n")).isEqualTo("OK\nOK\n");
      send(pausing, "DEL a");
      for (int i = 0; i < 2; i++) {
        send(clock, "PING");
        assertThat(read(clock, "\n")).isEqualTo("PONG\n");
      }
      send(pausing, "b\nEXISTS a\nEXISTS ab\n");
      assertThat(read(pausing, "1\n1\n0\n")).isEqualTo("1\n1\n0\n");
    }
  }

  @Test
  void plainTextThatJustEndsIsACommandToo() throws Exception {
    try (Socket socket = connect(node.textPort())) {
      send(socket, "SET t 'a b'\nGET t\nMGET t none\nGET t");
      socket.shutdownOutput();
      assertThat(readToEnd(socket)).isEqualTo("OK\na b\n\"a b\" (nil)\na b\n");
    }
  }
}
