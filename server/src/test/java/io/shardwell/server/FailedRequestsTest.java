package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.routing.SlotOwners;
import io.shardwell.server.command.Clients;
import io.shardwell.server.command.Face;
import io.shardwell.server.command.MemorySetting;
import io.shardwell.server.command.NodeCounters;
import io.shardwell.server.command.NodeFacts;
import io.shardwell.server.command.ServerCommands;
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

/**
 * Shows that an exception of our own code while a request is dispatched ends that request and its
 * connection, and that a broken assertion still ends the node: one connection without a socket, on
 * a node whose sessions, status and memory setting fail.
 */
class FailedRequestsTest {

  private static final SlotOwners OWNERS =
      new SlotOwners(
          "n1", List.of(List.of("n1")), () -> 0, node -> true, node -> ClientAddress.UNKNOWN);

  private final List<Throwable> faults = new ArrayList<>();
  private final NodeCounters counters = new NodeCounters();
  private final FailingMemory memory = new FailingMemory();
  private final EventLoop loop = new StoppedLoop();
  private Throwable planted = new Planted();

  private final ClientSide side =
      new ClientSide(
          loop,
          face -> {
            throw fails();
          },
          new ServerCommands(
              new NodeFacts(
                  "n1", "ab", "", 1, -1, 2, -1, -1, null, 100, 1, false, "epoll", loop.nanoTime()),
              () -> {
                throw fails();
              },
              new Clients(10),
              counters,
              memory,
              loop,
              OWNERS,
              null),
          new Clients(10),
          counters,
          (what, cause) -> faults.add(cause == null ? new AssertionError(what) : cause));

  private final EmbeddedChannel channel = new EmbeddedChannel();

  FailedRequestsTest() {
    channel
        .pipeline()
        .addLast(new SocketOnNodeLoop(channel, side, side.newConnection(Face.SINGLE_IMAGE)));
    channel.pipeline().fireChannelActive();
  }

  private RuntimeException fails() {
    if (planted instanceof Error error) {
      throw error;
    }
    return (RuntimeException) planted;
  }

  /** All that is answered to these lines by the end of the turn. */
  private String send(String... lines) {
    String request = String.join("\r\n", lines) + "\r\n";
    channel.writeInbound(Unpooled.copiedBuffer(request, StandardCharsets.US_ASCII));
    side.flush();
    channel.runPendingTasks();
    StringBuilder answers = new StringBuilder();
    for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
      answers.append(part.toString(StandardCharsets.US_ASCII));
      part.release();
    }
    return answers.toString();
  }

  @Test
  void aCommandForAShardIsAnsweredInItsTurnAndEndsTheConnection() {
    assertThat(send("PING", "GET k", "PING")).isEqualTo("+PONG\r\n-ERR internal error\r\n");
    assertThat(channel.isOpen()).isFalse();
    assertThat(faults).isEmpty();
    assertThat(counters.failedRequests()).isEqualTo(1);
  }

  @Test
  void soIsOneOfTheNodeItself() {
    assertThat(send("INFO", "PING")).isEqualTo("-ERR internal error\r\n");
    assertThat(channel.isOpen()).isFalse();
    assertThat(faults).isEmpty();
  }

  @Test
  void withinExecItTakesTheAnswersPlace() {
    assertThat(send("MULTI", "PING", "INFO", "PING", "EXEC", "PING"))
        .isEqualTo(
            "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+PONG\r\n-ERR internal error\r\n+PONG\r\n");
    assertThat(channel.isOpen()).isFalse();
    assertThat(faults).isEmpty();
    assertThat(counters.failedRequests()).isEqualTo(1);
  }

  /** A part of the failed request goes on here, and its answer comes before that of the other. */
  @Test
  void whatIsUnderWayIsAnsweredFirstAndALateAnswerIsDropped() {
    memory.isSlow = true;
    assertThat(send("CONFIG SET maxmemory 1mb")).isEmpty();
    memory.isSlow = false;
    assertThat(send("CONFIG SET maxmemory 2mb", "PING")).isEmpty();
    assertThat(channel.isOpen()).isTrue();
    memory.asked.get(1).accept(Reply.OK);
    memory.asked.get(0).accept(Reply.OK);
    assertThat(send("")).isEqualTo("+OK\r\n-ERR internal error\r\n");
    assertThat(channel.isOpen()).isFalse();
    assertThat(faults).isEmpty();
  }

  @Test
  void aBrokenAssertionStillEndsTheNode() {
    planted = new AssertionError("planted");
    send("PING", "GET k");
    assertThat(faults).containsExactly(planted);
    assertThat(counters.failedRequests()).isZero();
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

  /** On which no time passes and nothing is done later. */
  private static final class StoppedLoop implements EventLoop {
    @Override
    public long nanoTime() {
      return 5_000_000_000L;
    }

    @Override
    public long wallClockMillis() {
      return 1_700_000_000_000L;
    }

    @Override
    public void execute(Runnable task) {}

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
      return () -> {};
    }

    @Override
    public boolean inLoop() {
      return true;
    }
  }
}
