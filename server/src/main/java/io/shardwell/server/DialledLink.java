package io.shardwell.server;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.util.ReferenceCountUtil;
import io.shardwell.raftgroup.DialledLinkListener;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.storage.FaultHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The link this node dials to one peer and sends over. Loop thread only. */
final class DialledLink {

  private static final Logger LOG = LoggerFactory.getLogger(DialledLink.class);

  // A link that lasted so long is dialled anew at once when it breaks: if the peer's process is
  // gone, its host refuses, and that starts the election of its shards' new leaders.
  private static final long LASTED_NANOS = 1_000_000_000L;

  static final int FIRST_BACKOFF_MILLIS = 50;
  static final int LAST_BACKOFF_MILLIS = 500;

  // A peer on the same network answers within a few milliseconds; a dead host never does.
  private static final int CONNECT_TIMEOUT_MILLIS = 1000;

  // The kernel gives up on bytes that the peer's host has not acknowledged for so long.
  private static final int UNACKNOWLEDGED_MILLIS = 5000;

  private final NettyEventLoop loop;
  private final HostNames names;
  private final FaultHandler faults;
  private final String peerId;
  private final PeerAddress address;
  private final DialledLinkListener listener;

  // Invariant: up implies channel != null and active.
  private @Nullable Channel channel;
  private boolean up;
  private boolean closed;
  private boolean unflushed;
  private boolean toldDown;
  private int backoffMillis = FIRST_BACKOFF_MILLIS;
  private long upSinceNanos;

  DialledLink(
      NettyEventLoop loop,
      HostNames names,
      FaultHandler faults,
      String peerId,
      PeerAddress address,
      DialledLinkListener listener) {
    this.loop = loop;
    this.names = names;
    this.faults = faults;
    this.peerId = peerId;
    this.address = address;
    this.listener = listener;
  }

  void dial() {
    if (!closed) {
      names.resolve(address.host(), this::connect);
    }
  }

  private void connect(@Nullable InetAddress host) {
    assert loop.inLoop();
    assert channel == null;
    if (closed) {
      return;
    }
    if (host == null) {
      broken(false, "unknown host");
      return;
    }
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loop.netty())
            .channelFactory(loop::newClientChannel)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
            .handler(new Handler());
    if (loop.isEpoll()) {
      bootstrap.option(EpollChannelOption.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MILLIS);
    }
    Quietly.listen(
        bootstrap.connect(new InetSocketAddress(host, address.port())),
        attempt -> {
          Throwable cause = attempt.cause();
          if (cause != null) {
            loop.execute(() -> broken(isRefusal(cause), String.valueOf(cause.getMessage())));
          }
        });
  }

  private void established(Channel connected) {
    if (closed) {
      Quietly.close(connected);
      return;
    }
    channel = connected;
    ByteBuf preamble = connected.alloc().directBuffer(PeerLinkFormat.PREAMBLE_BYTES);
    PeerLinkFormat.writePreamble(preamble);
    Quietly.write(connected, preamble);
    unflushed = true;
    up = true;
    upSinceNanos = loop.nanoTime();
    toldDown = false;
    backoffMillis = FIRST_BACKOFF_MILLIS;
    LOG.info("Link to {} at {} is up", peerId, address);
    listener.onUp();
  }

  private void broken(boolean refusedOrReset, String why) {
    if (closed) {
      return;
    }
    if (up || !toldDown) {
      LOG.info("Link to {} at {} is down: {}", peerId, address, why);
    }
    boolean lasted = up && loop.nanoTime() - upSinceNanos >= LASTED_NANOS;
    channel = null;
    up = false;
    toldDown = true;
    int wait = lasted ? 0 : backoffMillis;
    if (!lasted) {
      backoffMillis = Math.min(2 * backoffMillis, LAST_BACKOFF_MILLIS);
    }
    loop.schedule(this::dial, wait * 1_000_000L);
    listener.onDown(refusedOrReset);
  }

  /** Copies the frame towards the socket, or drops it if the link is down. */
  void send(ByteBuffer frame) {
    Channel to = channel;
    if (!up || to == null) {
      return;
    }
    int length = frame.remaining();
    if (!PeerLinkFormat.isFrameLength(length, false)) {
      throw new IllegalArgumentException("frame of " + length + " bytes");
    }
    ByteBuf out = to.alloc().directBuffer(PeerLinkFormat.HEADER_BYTES + length);
    PeerLinkFormat.writeFrame(frame, out);
    Quietly.write(to, out);
    unflushed = true;
  }

  void flush() {
    Channel to = channel;
    if (unflushed && to != null) {
      unflushed = false;
      to.flush();
    }
  }

  boolean isUp() {
    return up;
  }

  long pendingBytes() {
    Channel to = channel;
    ChannelOutboundBuffer waiting = to == null ? null : to.unsafe().outboundBuffer();
    return waiting == null ? 0 : waiting.totalPendingWriteBytes();
  }

  void close() {
    closed = true;
    up = false;
    Channel last = channel;
    channel = null;
    if (last != null) {
      Quietly.close(last);
    }
  }

  private static boolean isRefusal(Throwable cause) {
    return !(cause instanceof ConnectTimeoutException) && says(cause, "refused", "reset");
  }

  private static boolean isReset(Throwable cause) {
    return says(cause, "reset", "broken pipe");
  }

  // The operating system's words are all that the JDK and Netty pass on.
  private static boolean says(Throwable cause, String... words) {
    String message = Objects.requireNonNullElse(cause.getMessage(), "").toLowerCase(Locale.ROOT);
    for (String word : words) {
      if (message.contains(word)) {
        return true;
      }
    }
    return false;
  }

  private final class Handler extends ChannelInboundHandlerAdapter {
    private boolean reset;

    @Override
    public void channelActive(ChannelHandlerContext context) {
      established(context.channel());
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      // The accepting side never speaks: whoever answers is not a peer of ours.
      ReferenceCountUtil.release(message);
      Quietly.close(context.channel());
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      if (channel == context.channel()) {
        broken(reset, reset ? "reset by the peer's host" : "closed");
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (cause instanceof IOException) {
        reset |= isReset(cause);
      } else if (!(cause instanceof NodeFault)) {
        faults.fault("on the link to " + peerId, cause);
      }
      Quietly.close(context.channel());
    }
  }
}
