package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.shardwell.raftgroup.EngineConfig;
import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.InboundLink;
import io.shardwell.raftgroup.WireLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Shows that whoever reaches the peers' or the HTTP port takes little of a node: connections are
 * counted, and on a link to a node somebody has to say soon, and in few words, who he is.
 */
class StrangersTest {

  private static final int PATIENCE_MILLIS = 20_000;

  private final List<Runnable> timers = new ArrayList<>();
  private int frames;

  private EmbeddedChannel link() {
    InboundLink link =
        new InboundLink() {
          @Override
          public void onFrame(ByteBuffer frame) {
            frames++;
          }

          @Override
          public void onPartOfFrame() {}

          @Override
          public void onClosed() {}
        };
    return new EmbeddedChannel(
        new InboundPeerHandler(
            new TestLoop(),
            close -> link,
            (what, cause) -> {
              throw new AssertionError(what, cause);
            }));
  }

  private static ByteBuf preamble() {
    ByteBuf out = Unpooled.buffer();
    PeerLinkFormat.writePreamble(out);
    return out;
  }

  private static ByteBuf frame(int length) {
    ByteBuf out = Unpooled.buffer();
    PeerLinkFormat.writeFrame(ByteBuffer.allocate(length), out);
    return out;
  }

  @Test
  void aLinkThatDoesNotSayWhoSpeaksIsClosed() {
    EmbeddedChannel silent = link();
    EmbeddedChannel slow = link();
    slow.writeInbound(preamble(), frame(1000).writerIndex(900));
    EmbeddedChannel known = link();
    known.writeInbound(preamble(), frame(1000));
    assertThat(timers).hasSize(3);
    timers.forEach(Runnable::run);
    assertThat(List.of(silent.isOpen(), slow.isOpen(), known.isOpen()))
        .containsExactly(false, false, true);
    assertThat(frames).isEqualTo(1);
  }

  @Test
  void theFirstFrameIsAHelloAndNotLonger() {
    EmbeddedChannel known = link();
    known.writeInbound(
        preamble(), frame(WireLimits.MAX_HELLO_BYTES), frame(WireLimits.MAX_HELLO_BYTES + 1));
    assertThat(known.isOpen()).isTrue();
    assertThat(frames).isEqualTo(2);
    EmbeddedChannel stranger = link();
    ByteBuf header = frame(WireLimits.MAX_HELLO_BYTES + 1);
    stranger.writeInbound(preamble(), header.writerIndex(PeerLinkFormat.HEADER_BYTES));
    assertThat(stranger.isOpen()).isFalse();
    assertThat(frames).isEqualTo(2);
  }

  @Test
  void oneConnectionTooManyIsClosedAndThereIsRoomAgain() throws Exception {
    try (Node node =
        Node.start(NodeConfig.builder("n1").port(0).peerPort(0).httpPort(0).shards(1).build())) {
      assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
      fill(node.peerPort(), 2 * EngineConfig.MAX_NODES + 16);
      fill(node.httpPort(), HealthHandler.MAX_CONNECTIONS);
      // The node learns of each end by itself; only then is there room again.
      while (!health(node.httpPort()).startsWith("HTTP/1.1 200")) {
        assertThat(node.stopped()).isNotDone();
      }
    }
  }

  /** Opens so many, and one more, which ends; then closes all. */
  private static void fill(int port, int most) throws IOException {
    List<Socket> open = new ArrayList<>();
    try {
      while (open.size() < most) {
        open.add(connect(port));
      }
      try (Socket tooMany = connect(port)) {
        assertThat(tooMany.getInputStream().read()).isEqualTo(-1);
      }
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
    }
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  /** What the node answers, nothing if it closes. */
  private static String health(int port) throws IOException {
    try (Socket socket = connect(port)) {
      socket
          .getOutputStream()
          .write(
              "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    } catch (java.net.SocketException closed) {
      return "";
    }
  }

  /** Whose timers run when the test says so. */
  private final class TestLoop implements EventLoop {
    @Override
    public long nanoTime() {
      return 0;
    }

    @Override
    public long wallClockMillis() {
      return 0;
    }

    @Override
    public void execute(Runnable task) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
      assertThat(delayNanos).isEqualTo(PeerLinkFormat.HELLO_NANOS);
      timers.add(task);
      return () -> {};
    }

    @Override
    public boolean inLoop() {
      return true;
    }
  }
}
