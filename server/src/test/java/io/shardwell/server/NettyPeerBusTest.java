package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.DialledLinkListener;
import io.shardwell.raftgroup.InboundLink;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.raftgroup.WireLimits;
import io.shardwell.server.client.LocalPorts;
import io.shardwell.storage.FaultHandler;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Shows the links between nodes over loopback sockets: order, sizes, what a broken link tells, and
 * that strangers on the peer port are turned away. Each wait is for an event, never for a time.
 */
class NettyPeerBusTest {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final List<NettyEventLoop> loops = new ArrayList<>();
  private final BlockingQueue<String> faults = new LinkedBlockingQueue<>();

  /** What one end of a test has seen, in order: up, down, refused, frames, closed. */
  private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

  /** One for each time that a receiver was told of a part of a frame. */
  private final BlockingQueue<String> parts = new LinkedBlockingQueue<>();

  private final class Side {
    final FaultHandler handler = (what, cause) -> faults.add(what + ": " + cause);
    final NettyEventLoop loop;
    final NettyPeerBus bus;
    final Listeners listeners;
    @Nullable Runnable closer;
    int port;

    Side(boolean epoll) throws Exception {
      loop = NettyEventLoop.start("side", handler, epoll);
      loops.add(loop);
      bus = new NettyPeerBus(loop, handler);
      listeners = new Listeners(loop, "127.0.0.1");
      call(() -> loop.onTurnEnd(bus::flush));
    }

    void listen(int wanted) throws Exception {
      port =
          listeners.bind(
              wanted, "peers", channel -> channel.pipeline().addLast(bus.inbound(this::accept)));
      call(listeners::open);
    }

    private InboundLink accept(Runnable closeLink) {
      closer = closeLink;
      return new InboundLink() {
        @Override
        public void onFrame(ByteBuffer frame) {
          byte[] bytes = new byte[frame.remaining()];
          frame.get(bytes);
          seen.add(
              bytes.length < 100
                  ? new String(bytes, StandardCharsets.UTF_8)
                  : bytes.length + " bytes ending in " + bytes[bytes.length - 1]);
        }

        @Override
        public void onPartOfFrame() {
          parts.add("part");
        }

        @Override
        public void onClosed() {
          seen.add("closed");
        }
      };
    }

    void call(Runnable task) throws Exception {
      CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
      loop.execute(
          () -> {
            task.run();
            done.complete(null);
          });
      done.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    void dial(int toPort) throws Exception {
      call(
          () ->
              bus.dial(
                  "peer",
                  new PeerAddress("127.0.0.1", toPort),
                  new DialledLinkListener() {
                    @Override
                    public void onUp() {
                      seen.add("up");
                    }

                    @Override
                    public void onDown(boolean refusedOrReset) {
                      seen.add(refusedOrReset ? "refused" : "down");
                    }
                  }));
    }

    void send(byte[] frame) {
      loop.execute(() -> bus.send("peer", ByteBuffer.wrap(frame)));
    }

    void stop() {
      loop.stop();
      assertThat(loop.awaitStopped(PATIENCE)).isTrue();
    }
  }

  @AfterEach
  void stopAll() {
    for (NettyEventLoop loop : loops) {
      loop.stop();
      assertThat(loop.awaitStopped(PATIENCE)).isTrue();
    }
    assertThat(faults).isEmpty();
  }

  private String next() throws InterruptedException {
    String event = seen.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    return event == null ? "nothing" : event;
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void framesOfAllSizesArriveInOrder(boolean epoll) throws Exception {
    Side a = new Side(epoll);
    Side b = new Side(epoll);
    b.listen(0);
    a.dial(b.port);
    assertThat(next()).isEqualTo("up");
    for (int i = 0; i < 1000; i++) {
      a.send(text("frame " + i));
    }
    byte[] largest = new byte[WireLimits.MAX_FRAME_BYTES];
    largest[largest.length - 1] = 7;
    a.send(largest);
    a.send(text("last"));
    for (int i = 0; i < 1000; i++) {
      assertThat(next()).isEqualTo("frame " + i);
    }
    assertThat(next()).isEqualTo(WireLimits.MAX_FRAME_BYTES + " bytes ending in 7");
    assertThat(next()).isEqualTo("last");
    a.call(
        () -> {
          assertThat(a.bus.isUp("peer")).isTrue();
          assertThat(a.bus.isUp("stranger")).isFalse();
          assertThat(a.bus.pendingBytes("stranger")).isZero();
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDeadPeerIsToldApartFromAClosedLinkAndDialledAgain(boolean epoll) throws Exception {
    Side a = new Side(epoll);
    int port = LocalPorts.reserve(1).get(0);
    a.dial(port);
    assertThat(next()).isEqualTo("refused");
    a.send(text("lost: the link is down"));

    Side b = new Side(epoll);
    b.listen(port);
    String event = next();
    while (event.equals("refused")) {
      event = next();
    }
    assertThat(event).isEqualTo("up");
    a.send(text("hello"));
    assertThat(next()).isEqualTo("hello");

    Runnable closer = b.closer;
    assertThat(closer).isNotNull();
    b.call(closer);
    assertThat(List.of(next(), next())).containsExactlyInAnyOrder("closed", "down");
    assertThat(next()).isEqualTo("up");

    b.stop();
    // An end first, or a reset at once if the preamble was still unread; then nobody listens.
    event = next();
    while (!event.equals("refused")) {
      assertThat(event).isIn("closed", "down");
      event = next();
    }
  }

  /** Of a stranger as of a node: a link left half open would keep its socket for hours. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLinkThatThePeerEndsIsClosed(boolean epoll) throws Exception {
    Side b = new Side(epoll);
    b.listen(0);
    for (byte[] said : List.of(new byte[0], Arrays.copyOf(begun(1, 0, 0), 6))) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), b.port)) {
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket.getOutputStream().write(said);
        socket.shutdownOutput();
        assertThat(endsWithoutAWord(socket)).isTrue();
      }
    }
    assertThat(next()).isEqualTo("closed");
  }

  /**
   * A large frame comes in steps, the next one only when the one before has been seen: each is a
   * sign of life, and nothing else is handed over before the frame is complete.
   */
  @Test
  void aLargeFrameIsASignOfLifeWhileItComes() throws Exception {
    Side b = new Side(true);
    b.listen(0);
    byte[] frame = new byte[10 * WireLimits.SIGN_OF_LIFE_BYTES];
    int sum = PeerLinkFormat.checksum(ByteBuffer.wrap(frame));
    byte[] all = begun(frame.length, sum, PeerLinkFormat.headerChecksum(frame.length, sum), frame);
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), b.port)) {
      OutputStream out = socket.getOutputStream();
      int sent = WireLimits.SIGN_OF_LIFE_BYTES / 2; // Alone no sign.
      out.write(all, 0, sent);
      for (int step = 1; step < 10; step++) {
        out.write(all, sent, WireLimits.SIGN_OF_LIFE_BYTES);
        out.flush();
        sent += WireLimits.SIGN_OF_LIFE_BYTES;
        assertThat(parts.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo("part");
        assertThat(parts).isEmpty();
      }
      assertThat(seen).isEmpty();
      out.write(all, sent, all.length - sent);
      out.flush();
      assertThat(next()).isEqualTo(frame.length + " bytes ending in 0");
      assertThat(parts).as("its last bytes may have come one by one").hasSizeLessThan(2);
    }
    assertThat(next()).isEqualTo("closed");
  }

  @Test
  void aResetIsEvidenceOfACrash() throws Exception {
    Side a = new Side(true);
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      a.dial(server.getLocalPort());
      Socket accepted = server.accept();
      assertThat(next()).isEqualTo("up");
      // As the kernel does for a killed process with unread bytes.
      accepted.setSoLinger(true, 0);
      accepted.close();
      assertThat(next()).isEqualTo("refused");
    }
  }

  @Test
  void strangersAndWrongVersionsAreTurnedAway() throws Exception {
    Side b = new Side(true);
    b.listen(0);
    for (byte[] hello :
        List.of(
            text("GET / HTTP/1.1\r\n\r\n"),
            new byte[] {'S', 'W', 'P', 'R', 0, 99},
            // A length that no frame has, and one that its sum does not vouch for: no waiting.
            begun(0, 0, PeerLinkFormat.headerChecksum(0, 0)),
            begun(Integer.MAX_VALUE, 0, PeerLinkFormat.headerChecksum(Integer.MAX_VALUE, 0)),
            begun(1 << 20, 0, PeerLinkFormat.headerChecksum(1, 0)),
            // One byte, and not the sum of it.
            begun(1, 1, PeerLinkFormat.headerChecksum(1, 1), (byte) 7))) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), b.port)) {
        socket.setSoTimeout((int) PATIENCE.toMillis());
        OutputStream out = socket.getOutputStream();
        out.write(hello);
        out.flush();
        assertThat(endsWithoutAWord(socket)).isTrue();
      }
    }
    List<String> closed = new ArrayList<>();
    b.call(() -> seen.drainTo(closed));
    assertThat(closed).containsOnly("closed");
  }

  private static byte[] begun(int length, int checksum, int ofHeader, byte... bytes) {
    ByteBuffer all =
        ByteBuffer.allocate(
            PeerLinkFormat.PREAMBLE_BYTES + PeerLinkFormat.HEADER_BYTES + bytes.length);
    all.putInt(PeerLinkFormat.MAGIC).putShort((short) PeerLinkFormat.VERSION);
    return all.putInt(length).putInt(checksum).putInt(ofHeader).put(bytes).array();
  }

  /** The end of the stream and a reset are the same here: bytes of ours may be unread. */
  private static boolean endsWithoutAWord(Socket socket) {
    try {
      return socket.getInputStream().read() == -1;
    } catch (java.net.SocketTimeoutException e) {
      return false;
    } catch (java.io.IOException e) {
      return true;
    }
  }
}
