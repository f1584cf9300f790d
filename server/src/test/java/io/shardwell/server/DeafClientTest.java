package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
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
    try (Node node =
            Node.start(
                NodeConfig.builder("n1")
                    .port(0)
                    .peerPort(0)
                    .shards(1)
                    .ioThreads(ioThreads)
                    .build());
        Socket deaf = new Socket()) {
      assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
      node.execute("SET", "large", "v".repeat(VALUE_BYTES)).join();
      deaf.setReceiveBufferSize(64 << 10);
      deaf.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()));
      deaf.getOutputStream()
          .write("GET large\r\n".repeat(ASKED).getBytes(StandardCharsets.US_ASCII));

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
