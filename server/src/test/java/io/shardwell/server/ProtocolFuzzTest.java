package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.server.client.RespClient;
import io.shardwell.server.client.RespValue;
import io.shardwell.server.command.SampleCalls;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Shows that no bytes of a client harm a node: frames of real commands, each of the table among
 * them, with bytes, lengths and ends changed, over real sockets, on the RESP and the plain-text
 * port. What the node answers must be RESP to the last byte; afterwards it serves, its heap has not
 * grown with the number of frames, and Netty's leak detector, looking at every buffer, has nothing
 * to report.
 */
class ProtocolFuzzTest {

  private static final int FRAMES_PER_CONNECTION = 30;
  private static final int ROUNDS = 10;
  private static final int PATIENCE_MILLIS = 20_000;
  private static final long HEAP_SLACK_BYTES = 32L << 20;

  private static final String[] COMMANDS = {
    "GET k",
    "SET k v",
    "SET k v EX 100 NX",
    "MSET a 1 b 2 c 3",
    "MGET a b c",
    "DEL a b",
    "INCR n",
    "APPEND k xyz",
    "SETRANGE k 5 x",
    "GETRANGE k 0 -1",
    "EXPIRE k 100",
    "TTL k",
    "SCAN 0 COUNT 5",
    "KEYS *",
    "DBSIZE",
    "RANDOMKEY",
    "FLUSHALL",
    "RENAME {t}a {t}b",
    "OBJECT ENCODING k",
    "PING",
    "ECHO hello",
    "HELLO 3",
    "HELLO 2",
    "HELLO 3 SETNAME me",
    "CLIENT LIST",
    "CLIENT SETNAME n",
    "CLIENT REPLY OFF",
    "CLIENT REPLY ON",
    "CLIENT REPLY SKIP",
    "CLIENT KILL ID 1",
    "COMMAND",
    "COMMAND DOCS get",
    "COMMAND GETKEYS MSET a 1",
    "COMMAND LIST FILTERBY PATTERN *",
    "INFO",
    "CONFIG GET *",
    "MEMORY USAGE k",
    "SHARDWELL STATUS",
    "CLUSTER INFO",
    "RESET",
    "NOSUCH a b",
    "SELECT 0",
    "AUTH default x",
    "QUIT",
    "GETEX k PERSIST",
    "INCRBYFLOAT f 0.1",
    "ACL LIST",
    "MULTI",
    "EXEC",
    "DISCARD",
    "WATCH k n",
    "UNWATCH",
    "WAIT 1 0",
    "CLIENT HELP",
    "COMMAND GETKEYSANDFLAGS SET a 1",
    "COMMAND DOCS set scan",
    "INFO commandstats",
    "SET k v IFEQ x GET",
    "DELEX k IFNE v",
    "GETVER k",
    "MSETEX 0 k v",
    "INCRBYFLOAT f 1e-4900",
    "LCS {t}a {t}b IDX",
    "SCAN 0 MATCH k* TYPE string",
    "BITOP XOR {t}a {t}b k",
    "BITFIELD k GET u63 #9 INCRBY i5 100 1 OVERFLOW FAIL"
  };

  private static LeakReports leaks;
  private static Node node;

  @BeforeAll
  static void start() throws Exception {
    leaks = LeakReports.begin();
    node = Node.start(NodeConfig.builder("n1").port(0).peerPort(0).textPort(0).shards(2).build());
    assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
  }

  @AfterAll
  static void stop() {
    node.close();
    leaks.close();
  }

  @Test
  void aHundredThousandMutatedFrames() throws Exception {
    fuzz(new Random(1), 100_000);
  }

  /** Each on a connection of its own, which nothing before it can have ended; and within MULTI. */
  @Test
  void eachCommandOfTheTable() throws Exception {
    Random random = new Random(2);
    SampleCalls calls = new SampleCalls(random);
    for (int round = 0; round < ROUNDS; round++) {
      for (List<String> call : calls.ofEach()) {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        if (round % 2 == 1) {
          stream.writeBytes(bytes("MULTI\r\n"));
        }
        stream.writeBytes(frame(call));
        stream.writeBytes(bytes("EXEC\r\n"));
        expectWholeReplies(answers(node.port(), stream.toByteArray(), random));
        assertThat(node.stopped()).as("%s", call).isNotDone();
      }
    }
    String failed = node.execute("INFO", "shardwell").join().toString();
    assertThat(failed).contains("\r\nfailed_requests:0\r\n");
  }

  @Tag("chaos")
  @Test
  void aMillionMutatedFrames() throws Exception {
    long seed = Long.getLong("chaos.seed", System.currentTimeMillis());
    System.out.println("chaos.seed=" + seed);
    fuzz(new Random(seed), 1_000_000);
  }

  /** Sends so many mutated frames, and as many that are as they should be. */
  private static void fuzz(Random random, int frames) throws Exception {
    long heapAfterTenth = 0;
    SampleCalls calls = new SampleCalls(random);
    for (int sent = 0; sent < frames; ) {
      boolean text = random.nextInt(10) == 0;
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      for (int i = 0; i < FRAMES_PER_CONNECTION; i++) {
        List<String> words =
            random.nextBoolean()
                ? calls.any()
                : Arrays.asList(COMMANDS[random.nextInt(COMMANDS.length)].split(" ", -1));
        byte[] frame = text ? bytes(String.join(" ", words) + "\n") : frame(words);
        boolean mutates = random.nextBoolean();
        sent += mutates ? 1 : 0;
        stream.writeBytes(mutates ? mutated(frame, random) : frame);
      }
      byte[] answers = answers(text ? node.textPort() : node.port(), stream.toByteArray(), random);
      if (!text) {
        expectWholeReplies(answers);
      }
      if (heapAfterTenth == 0 && sent >= frames / 10) {
        heapAfterTenth = usedHeap();
      }
    }
    assertThat(usedHeap()).isLessThan(heapAfterTenth + HEAP_SLACK_BYTES);
    assertThat(node.stopped()).isNotDone();
    try (RespClient client = RespClient.connect("127.0.0.1", node.port(), Duration.ofSeconds(20))) {
      assertThat(client.call("SET", "alive", "1")).isEqualTo(new RespValue.Status("OK"));
      assertThat(client.call("INFO", "clients").toString()).contains("connected_clients:1\r\n");
    }
    assertThat(node.execute("INFO", "shardwell").join().toString())
        .contains("\r\nfailed_requests:0\r\n");
    assertThat(leaks.all()).isEmpty();
  }

  private static byte[] answers(int port, byte[] stream, Random random) throws IOException {
    ByteArrayOutputStream answers = new ByteArrayOutputStream();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.setTcpNoDelay(true);
      int cut = random.nextBoolean() ? stream.length : random.nextInt(stream.length);
      socket.getOutputStream().write(stream, 0, cut);
      socket.getOutputStream().write(stream, cut, stream.length - cut);
      if (random.nextInt(20) == 0) {
        // Some go without hearing the answers.
        return new byte[0];
      }
      socket.shutdownOutput();
      socket.getInputStream().transferTo(answers);
    } catch (SocketException reset) {
      // The node closed after a protocol error with bytes of ours unread: TCP calls that a reset,
      // and what was on its way may be lost.
      return new byte[0];
    }
    return answers.toByteArray();
  }

  private static byte[] frame(List<String> words) {
    StringBuilder frame = new StringBuilder("*" + words.size() + "\r\n");
    for (String word : words) {
      frame.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
    }
    return bytes(frame.toString());
  }

  private static byte[] mutated(byte[] frame, Random random) {
    byte[] changed = frame.clone();
    for (int i = random.nextInt(3); i >= 0; i--) {
      int at = random.nextInt(changed.length);
      switch (random.nextInt(5)) {
        case 0 -> changed[at] = (byte) random.nextInt();
        case 1 -> changed[at] = bytes("*$-+:0123456789\r\n\"' \0")[random.nextInt(21)];
        case 2 -> changed = spliced(changed, at, random.nextInt(changed.length - at + 1), "");
        case 3 -> changed = spliced(changed, at, 0, "9".repeat(1 + random.nextInt(20)));
        default -> changed = spliced(changed, at, 0, "x".repeat(random.nextInt(5000)));
      }
      if (changed.length == 0) {
        return changed;
      }
    }
    return changed;
  }

  private static byte[] spliced(byte[] bytes, int at, int removed, String added) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, at);
    out.writeBytes(bytes(added));
    out.write(bytes, at + removed, bytes.length - at - removed);
    return out.toByteArray();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static void expectWholeReplies(byte[] answers) throws IOException {
    InputStream in = new ByteArrayInputStream(answers);
    while (in.available() > 0) {
      skipReply(in, 0);
    }
  }

  private static void skipReply(InputStream in, int depth) throws IOException {
    int type = in.read();
    StringBuilder line = new StringBuilder();
    int next = in.read();
    for (; next >= 0 && next != '\r'; next = in.read()) {
      line.append((char) next);
    }
    assertThat(in.read()).as("after %s%s", (char) type, line).isEqualTo('\n');
    switch (type) {
      case '+', '-', ':', '_', '#', ',' -> {}
      case '$', '=' -> {
        int length = Integer.parseInt(line.toString());
        if (length >= 0) {
          assertThat(in.readNBytes(length + 2)).hasSize(length + 2).endsWith('\r', '\n');
        }
      }
      case '*', '~', '%' -> {
        assertThat(depth).isLessThan(16); // COMMAND DOCS describes arguments of arguments.
        int items = Integer.parseInt(line.toString()) * (type == '%' ? 2 : 1);
        for (int i = 0; i < items; i++) {
          skipReply(in, depth + 1);
        }
      }
      default -> throw new AssertionError("no type of RESP: " + type + " " + line);
    }
  }

  /** Without the data: a string may have grown to 16 MiB. */
  private static long usedHeap() {
    node.execute("FLUSHALL").join();
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
