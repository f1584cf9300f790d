package io.shardwell.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;
import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.InboundLink;
import io.shardwell.raftgroup.WireLimits;
import io.shardwell.storage.FaultHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One accepted link: cuts the stream into frames for the engine. Loop thread only. */
final class InboundPeerHandler extends ChannelInboundHandlerAdapter {

  private static final Logger LOG = LoggerFactory.getLogger(InboundPeerHandler.class);

  private static final int INITIAL_BYTES = 64 << 10;

  // A buffer grown for one large frame is given back when it is empty again.
  private static final int KEPT_BYTES = 1 << 20;

  private final EventLoop loop;
  private final Function<Runnable, InboundLink> acceptor;
  private final FaultHandler faults;

  // Invariant: bytes [start, end) of buffer arrived and are not yet handed over.
  private byte[] buffer = {};
  private int start;
  private int end;

  /** Bytes that came since a frame was complete, less those the receiver was told of. */
  private int untold;

  private boolean preambleSeen;
  private boolean helloSeen;
  private EventLoop.@Nullable Timer helloTimer;
  private @Nullable InboundLink link;

  InboundPeerHandler(
      EventLoop loop, Function<Runnable, InboundLink> acceptor, FaultHandler faults) {
    this.loop = loop;
    this.acceptor = acceptor;
    this.faults = faults;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    helloTimer = loop.schedule(() -> helloIsLate(context), PeerLinkFormat.HELLO_NANOS);
  }

  /** Nobody else would miss it: a stranger's connection has a speaker only from its Hello on. */
  private void helloIsLate(ChannelHandlerContext context) {
    if (!helloSeen && context.channel().isActive()) {
      LOG.warn(
          "Closed a link from {}: it has not said who it is", context.channel().remoteAddress());
      Quietly.close(context.channel());
    }
  }

  private void endWaiting() {
    EventLoop.Timer timer = helloTimer;
    helloTimer = null;
    if (timer != null) {
      timer.cancel();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf arrived = (ByteBuf) message;
    try {
      if (context.channel().isActive()) {
        append(arrived);
        handOver(context);
        tellOfPart(context);
      }
    } finally {
      ReferenceCountUtil.release(arrived);
    }
  }

  private void append(ByteBuf arrived) {
    int more = arrived.readableBytes();
    if (end + more > buffer.length) {
      int held = end - start;
      byte[] target = buffer;
      if (held + more > buffer.length) {
        target = new byte[Math.max(INITIAL_BYTES, Math.max(held + more, wanted()))];
      }
      System.arraycopy(buffer, start, target, 0, held);
      buffer = target;
      start = 0;
      end = held;
    }
    arrived.readBytes(buffer, end, more);
    end += more;
    untold += more;
  }

  /**
   * Room to make for the frame under way: its whole length once half of it is here, so that a
   * length alone allocates nothing and growing still costs only one copy.
   */
  private int wanted() {
    int held = end - start;
    if (!preambleSeen || held < PeerLinkFormat.HEADER_BYTES) {
      return 0;
    }
    int whole = PeerLinkFormat.HEADER_BYTES + ByteBuffer.wrap(buffer).getInt(start);
    return Math.min(whole, 2 * held + INITIAL_BYTES);
  }

  private void handOver(ChannelHandlerContext context) {
    ByteBuffer view = ByteBuffer.wrap(buffer);
    if (!preambleSeen) {
      if (end - start < PeerLinkFormat.PREAMBLE_BYTES) {
        return;
      }
      int magic = view.getInt(start);
      int version = view.getShort(start + 4);
      if (magic != PeerLinkFormat.MAGIC || version != PeerLinkFormat.VERSION) {
        LOG.warn(
            "Closed a link from {}: it says {}, this node speaks peer protocol version {}",
            context.channel().remoteAddress(),
            magic == PeerLinkFormat.MAGIC ? "version " + version : "no peer protocol",
            PeerLinkFormat.VERSION);
        Quietly.close(context.channel());
        return;
      }
      preambleSeen = true;
      start += PeerLinkFormat.PREAMBLE_BYTES;
      link = acceptor.apply(() -> Quietly.close(context.channel()));
    }
    InboundLink receiver = link;
    while (receiver != null && end - start >= PeerLinkFormat.HEADER_BYTES) {
      int length = view.getInt(start);
      int checksum = view.getInt(start + Integer.BYTES);
      int ofHeader = view.getInt(start + 2 * Integer.BYTES);
      if (ofHeader != PeerLinkFormat.headerChecksum(length, checksum)
          || !PeerLinkFormat.isFrameLength(length, !helloSeen)) {
        LOG.warn(
            "Closed a link from {}: the header of its {} frame, {} bytes, is that of none",
            context.channel().remoteAddress(),
            helloSeen ? "next" : "first",
            length);
        Quietly.close(context.channel());
        return;
      }
      if (end - start - PeerLinkFormat.HEADER_BYTES < length) {
        return;
      }
      start += PeerLinkFormat.HEADER_BYTES;
      // A slice: position 0, so that receivers need not think about offsets.
      ByteBuffer frame = ByteBuffer.wrap(buffer, start, length).slice();
      start += length;
      if (PeerLinkFormat.checksum(frame) != checksum) {
        LOG.warn(
            "Closed a link from {}: a frame of {} bytes was damaged on its way",
            context.channel().remoteAddress(),
            length);
        Quietly.close(context.channel());
        return;
      }
      helloSeen = true;
      endWaiting();
      untold = end - start;
      receiver.onFrame(frame);
      receiver = context.channel().isActive() ? link : null;
    }
    if (start == end) {
      start = 0;
      end = 0;
      if (buffer.length > KEPT_BYTES) {
        buffer = Arrays.copyOf(buffer, 0);
      }
    }
  }

  private void tellOfPart(ChannelHandlerContext context) {
    InboundLink receiver = link;
    boolean isPart = end - start > PeerLinkFormat.HEADER_BYTES;
    if (receiver != null
        && isPart
        && untold >= WireLimits.SIGN_OF_LIFE_BYTES
        && context.channel().isActive()) {
      untold %= WireLimits.SIGN_OF_LIFE_BYTES;
      receiver.onPartOfFrame();
    }
  }

  /** A peer says all it has to say over this link, and nothing goes back: its end is the end. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      Quietly.close(context.channel());
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    endWaiting();
    InboundLink closed = link;
    link = null;
    if (closed != null) {
      closed.onClosed();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    Quietly.close(context.channel());
    if (!(cause instanceof IOException) && !(cause instanceof NodeFault)) {
      faults.fault("handling a frame from " + context.channel().remoteAddress(), cause);
    }
  }
}
