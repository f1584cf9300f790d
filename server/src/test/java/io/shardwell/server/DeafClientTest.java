package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.Reply;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * Shows that a client that asks for more than it reads does not fill the node's memory: it asks for
 * more than {@link ClientLimits#SOFT_HELD_BYTES} and reads nothing; the node closes it and says so
 * in the log, with who it was and how much was left, while others are served.
 */
class DeafClientTest {

  private static final int VALUE_BYTES = 1 << 20;
  private static final int ASKED = (int) (ClientLimits.SOFT_HELD_BYTES / VALUE_BYTES) + 36;
  private static final int PATIENCE_SECONDS = 60;

  /** More than sockets buffer on loopback, less than {@link ClientLimits#SOFT_HELD_BYTES}. */
  private static final int FEW = 32;

  private static final Pattern OMEM = Pattern.compile(" omem=(\\d+)");

  private static final int PROBES_AT_ONCE = 1000;

  /** More than sockets buffer. */
  private static final int MAX_PROBES_BYTES = 64 << 20;

  /** Hands warnings to the test. */
  private static final class Warnings extends AppenderBase<ILoggingEvent> {
    final BlockingQueue<String> lines = new ArrayBlockingQueue<>(100);

    @Override
    protected void append(ILoggingEvent event) {
      lines.offer(event.getFormattedMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void isClosedWithALineInTheLog(int ioThreads) throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(ClientConnection.class);
    Warnings warnings = new Warnings();
    warnings.setContext(logger.getLoggerContext());
    warnings.start();
    logger.addAppender(warnings);
    try (Node node = start(ioThreads);
        Socket deaf = new Socket()) {
      ask(node, deaf, ASKED);

      String line = warnings.lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);

      assertThat(line)
          .contains(
              "Closed client", deaf.getLocalAddress().getHostAddress(), "bytes of answers unread");
      assertThat(node.execute("GET", "large").join()).isNotNull();
      assertThat(node.execute("INFO", "clients").join().toString())
          .contains("connected_clients:0\r\n");
      assertThat(readToEnd(deaf)).isLessThan((long) ASKED * VALUE_BYTES);
    } finally {
      logger.detachAppender(warnings);
    }
  }

  /** Once CLIENT KILL waited for the answers to be read: the socket and its memory stayed. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void isClosedAtOnceWhenItIsKilled(int ioThreads) throws Exception {
    try (Node node = start(ioThreads);
        Socket deaf = new Socket()) {
      ask(node, deaf, FEW);
      TestCluster.await(() -> omem(node) > ClientLimits.OUTPUT_HIGH_BYTES);
      assertThat(node.execute("CLIENT", "KILL", "TYPE", "normal").join())
          .isEqualTo(Reply.integer(1));
      assertThat(clients(node)).isEmpty();
      assertThat(readToEnd(deaf)).isLessThan((long) FEW * VALUE_BYTES);
    }
  }

  /** Once an answer counted as unread until its last byte was taken: who read it slowly was cut. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void whoReadsOneLargeAnswerIsSeenToRead(int ioThreads) throws Exception {
    try (Node node = start(ioThreads);
        Socket slow = new Socket()) {
      int length = Limits.MAX_VALUE_BYTES;
      askForOne(node, slow, length);
      TestCluster.await(() -> omem(node) > length / 4);
      long before = omem(node);
      assertThat(slow.getInputStream().readNBytes(length / 2)).hasSize(length / 2);
      TestCluster.await(() -> omem(node) < before - length / 8);
    }
  }

  /** Once it stayed as long as it left less unread than others may have waiting. */
  @Test
  void isClosedThoughNotFarBehindWhenItHasEnded() throws Exception {
    try (Node node = start(1);
        Socket halfClosed = new Socket();
        Socket quits = new Socket()) {
      ask(node, halfClosed, FEW);
      halfClosed.shutdownOutput();
      ask(node, quits, FEW);
      quits.getOutputStream().write("QUIT\r\n".getBytes(StandardCharsets.US_ASCII));
      TestCluster.await(() -> omem(node) > ClientLimits.OUTPUT_HIGH_BYTES);
      TestCluster.await(() -> clients(node).isEmpty());
      for (Socket deaf : List.of(halfClosed, quits)) {
        assertThat(readToEnd(deaf)).isLessThan((long) FEW * VALUE_BYTES);
      }
    }
  }

  /** Once its last answer counted nowhere: many such clients could have taken all memory. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void isCountedUntilItHasTakenItsLastAnswer(int ioThreads) throws Exception {
    try (Node node = start(ioThreads);
        Socket halfClosed = new Socket()) {
      int length = Limits.MAX_VALUE_BYTES;
      askForOne(node, halfClosed, length);
      halfClosed.shutdownOutput();
      TestCluster.await(() -> omem(node) > length / 4);
      assertThat(readToEnd(halfClosed)).isGreaterThan(length);
      TestCluster.await(() -> clients(node).isEmpty());
    }
  }

  /** Once the loop looked at it again and again as soon as there was room for another answer. */
  @Test
  void keepsNobodyBusyWhileItTakesItsLastAnswer() throws Exception {
    try (Node node = start(1);
        Socket halfClosed = new Socket()) {
      askForOne(node, halfClosed, Limits.MAX_VALUE_BYTES);
      halfClosed.shutdownOutput();
      TestCluster.await(() -> omem(node) > ClientLimits.OUTPUT_HIGH_BYTES);
      while (omem(node) > ClientLimits.OUTPUT_HIGH_BYTES / 2) {
        int some = 64 << 10;
        assertThat(halfClosed.getInputStream().readNBytes(some)).hasSize(some);
      }
      assertThat(omem(node)).isPositive();
      assertThat(cpuOfLoopWithin(1_000_000_000L)).isLessThan(60_000_000L);
    }
  }

  /** Once the answers to an endless pipeline of health checks took all direct memory. */
  @Test
  void isClosedWhenItAsksForHealth() throws Exception {
    byte[] probes =
        "GET /livez HTTP/1.1\r\n\r\n".repeat(PROBES_AT_ONCE).getBytes(StandardCharsets.US_ASCII);
    try (Node node = start(1);
        Socket deaf = new Socket()) {
      deaf.setReceiveBufferSize(64 << 10);
      deaf.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.httpPort()));
      OutputStream out = deaf.getOutputStream();
      assertThatThrownBy(
              () -> {
                for (int sent = 0; sent < MAX_PROBES_BYTES; sent += probes.length) {
                  out.write(probes);
                }
              })
          .as("as a reset connection does")
          .isInstanceOf(SocketException.class);
      assertThat(node.status().ready()).isTrue();
    }
  }

  private static Node start(int ioThreads) throws NodeStartException {
    Node node =
        Node.start(
            NodeConfig.builder("n1")
                .port(0)
                .peerPort(0)
                .httpPort(0)
                .shards(1)
                .ioThreads(ioThreads)
                .build());
    assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
    return node;
  }

  private static void ask(Node node, Socket deaf, int times) throws IOException {
    node.execute("SET", "large", "v".repeat(VALUE_BYTES)).join();
    deaf.setReceiveBufferSize(64 << 10);
    deaf.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()));
    deaf.getOutputStream().write("GET large\r\n".repeat(times).getBytes(StandardCharsets.US_ASCII));
  }

  private static void askForOne(Node node, Socket slow, int length) throws IOException {
    node.execute("SETRANGE", "huge", Integer.toString(length - 1), "x").join();
    slow.setReceiveBufferSize(64 << 10);
    slow.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()));
    slow.getOutputStream().write("GET huge\r\n".getBytes(StandardCharsets.US_ASCII));
  }

  private static String clients(Node node) {
    return new String(
        ((Reply.Bulk) node.execute("CLIENT", "LIST").join()).value(), StandardCharsets.UTF_8);
  }

  /** Processor time that the node's loop takes within so long, both in nanoseconds. */
  private static long cpuOfLoopWithin(long nanos) throws InterruptedException {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long loop =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().equals("shardwell-n1"))
            .mapToLong(Thread::getId)
            .findAny()
            .orElseThrow();
    long before = threads.getThreadCpuTime(loop);
    TimeUnit.NANOSECONDS.sleep(nanos);
    return threads.getThreadCpuTime(loop) - before;
  }

  /** What the node holds for its oldest client. */
  private static long omem(Node node) {
    Matcher found = OMEM.matcher(clients(node));
    return found.find() ? Long.parseLong(found.group(1)) : 0;
  }

  /** What was on its way; the end may be a reset. */
  private static long readToEnd(Socket socket) {
    long read = 0;
    byte[] buffer = new byte[64 << 10];
    try {
      for (int n = 0; n >= 0; n = socket.getInputStream().read(buffer)) {
        read += n;
      }
    } catch (IOException reset) {
      return read;
    }
    return read;
  }
}
