package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.shardwell.server.command.MemorySetting;
import io.shardwell.server.command.NodeCounters;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.MemoryLimit;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Shows that an exception of our own code while a request is dispatched ends that request and its
 * connection, and that a broken assertion still ends the node: one connection without a socket, on
 * a node whose sessions, status and memory setting fail.
 */
class FailedRequestsTest {

  private Throwable planted = new Planted();
  private final FailingMemory memory = new FailingMemory();
  private final SocketlessClient client =
      new SocketlessClient(
          () -> {
            if (planted instanceof Error error) {
              throw error;
            }
            return (RuntimeException) planted;
          },
          memory);

  @Test
  void aCommandForAShardIsAnsweredInItsTurnAndEndsTheConnection() {
    assertThat(client.send("PING", "GET k", "PING")).isEqualTo("+PONG\r\n-ERR internal error\r\n");
    assertThat(client.isOpen()).isFalse();
    assertThat(client.faults).isEmpty();
    assertThat(client.counters.failedRequests()).isEqualTo(1);
  }

  @Test
  void soIsOneOfTheNodeItself() {
    assertThat(client.send("INFO", "PING")).isEqualTo("-ERR internal error\r\n");
    assertThat(client.isOpen()).isFalse();
    assertThat(client.faults).isEmpty();
  }

  @Test
  void withinExecItTakesTheAnswersPlace() {
    assertThat(client.send("MULTI", "PING", "INFO", "PING", "EXEC", "PING"))
        .isEqualTo(
            "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+PONG\r\n-ERR internal error\r\n+PONG\r\n");
    assertThat(client.isOpen()).isFalse();
    assertThat(client.faults).isEmpty();
    assertThat(client.counters.failedRequests()).isEqualTo(1);
  }

  /** Repeated by whoever has found it, it must not fill the disk that the log is on. */
  @Test
  void theLogTellsOfOneInTenSeconds() {
    Logger log = (Logger) LoggerFactory.getLogger(NodeCounters.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    log.addAppender(logged);
    try {
      byte[][] words = {"INFO".getBytes(StandardCharsets.US_ASCII)};
      for (int tenthOfASecond = 0; tenthOfASecond < 300; tenthOfASecond++) {
        client.counters.failedRequest(words, "here", new Planted());
        client.counters.failedRequest(words, "here", new Planted());
        client.counters.sample(tenthOfASecond * 100_000_000L);
      }
    } finally {
      log.detachAppender(logged);
    }
    assertThat(client.counters.failedRequests()).isEqualTo(600);
    assertThat(logged.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .hasSize(3)
        .first(STRING)
        .startsWith("A request of client here could not be handled: INFO (failed_requests 1;");
  }

  /** A part of the failed request goes on here, and its answer comes before that of the other. */
  @Test
  void whatIsUnderWayIsAnsweredFirstAndALateAnswerIsDropped() {
    memory.isSlow = true;
    assertThat(client.send("CONFIG SET maxmemory 1mb")).isEmpty();
    memory.isSlow = false;
    assertThat(client.send("CONFIG SET maxmemory 2mb", "PING")).isEmpty();
    assertThat(client.isOpen()).isTrue();
    memory.asked.get(1).accept(Reply.OK);
    memory.asked.get(0).accept(Reply.OK);
    assertThat(client.send("")).isEqualTo("+OK\r\n-ERR internal error\r\n");
    assertThat(client.isOpen()).isFalse();
    assertThat(client.faults).isEmpty();
  }

  @Test
  void aBrokenAssertionStillEndsTheNode() {
    planted = new AssertionError("planted");
    client.send("PING", "GET k");
    assertThat(client.faults).containsExactly(planted);
    assertThat(client.counters.failedRequests()).isZero();
  }

  /** Once the node stopped: a caller's own mistake, and everybody's data. */
  @Test
  void anEmbeddedCallsFutureFails() throws Exception {
    try (Node node = Node.start(NodeConfig.builder("n1").port(0).peerPort(0).shards(1).build())) {
      assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
      byte[][] noKey = {"GET".getBytes(StandardCharsets.US_ASCII), null};
      for (byte[][] words : List.of(new byte[1][], noKey)) {
        assertThatThrownBy(() -> node.execute(words).join())
            .isInstanceOf(CompletionException.class)
            .hasCauseInstanceOf(NullPointerException.class);
      }
      assertThat(node.execute("INFO", "shardwell").join().toString())
          .contains("\r\nfailed_requests:2\r\n");
      assertThat(node.stopped()).isNotDone();
    }
  }

  /** Without its trace, for the log is that of the tests. */
  private static final class Planted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Planted() {
      super("planted", null, false, false);
    }
  }

  /** Fails once it has been asked, or does not; answers when the test says so. */
  private static final class FailingMemory implements MemorySetting {
    private boolean isSlow;
    private final List<Consumer<Reply>> asked = new ArrayList<>();

    @Override
    public MemoryLimit current() {
      return MemoryLimit.NONE;
    }

    @Override
    public boolean isOutOfMemory() {
      return false;
    }

    @Override
    public void change(
        @Nullable Long bytes, @Nullable EvictionPolicy policy, Consumer<Reply> onReply) {
      asked.add(onReply);
      if (!isSlow) {
        throw new Planted();
      }
    }
  }
}
