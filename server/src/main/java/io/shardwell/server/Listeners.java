package io.shardwell.server;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A node's listening sockets. All are bound before the node does anything else, so that a busy port
 * is an error and nothing more; they accept only once {@link #open} is called, and until then the
 * kernel keeps those who knock.
 */
final class Listeners {

  private static final int BACKLOG = 1024;
  private static final int SMALLEST_READ_BYTES = 512;
  private static final int FIRST_READ_BYTES = 4096;
  private static final int LARGEST_READ_BYTES = 64 << 10;

  // Reads of one connection in one turn: others wait meanwhile.
  private static final int READS_PER_TURN = 4;

  private final NettyEventLoop loop;
  private final String bind;
  private final List<Channel> bound = new ArrayList<>();

  Listeners(NettyEventLoop loop, String bind) {
    this.loop = loop;
    this.bind = bind;
  }

  /**
   * Binds a port whose connections stay on the loop; any thread but the loop's.
   *
   * @param port 0 picks a free one
   * @param what for the error text
   * @param setUp adds the handlers of an accepted connection, on the loop
   * @return the port bound
   */
  int bind(int port, String what, Consumer<Channel> setUp) throws NodeStartException {
    return bind(port, what, loop.netty(), setUp);
  }

  /** As above, for connections that go to other loops and are set up there. */
  int bind(int port, String what, EventLoopGroup connections, Consumer<Channel> setUp)
      throws NodeStartException {
    InetAddress address;
    try {
      address = InetAddress.getByName(bind);
    } catch (UnknownHostException e) {
      throw new NodeStartException("bind address " + bind + " is unknown", e);
    }
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loop.netty(), connections)
            .channelFactory(loop::newServerChannel)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .option(ChannelOption.AUTO_READ, false)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childOption(
                ChannelOption.WRITE_BUFFER_WATER_MARK,
                new WriteBufferWaterMark(
                    ClientLimits.OUTPUT_LOW_BYTES, ClientLimits.OUTPUT_HIGH_BYTES - 1))
            .childOption(
                ChannelOption.RECVBUF_ALLOCATOR,
                new AdaptiveRecvByteBufAllocator(
                        SMALLEST_READ_BYTES, FIRST_READ_BYTES, LARGEST_READ_BYTES)
                    .maxMessagesPerRead(READS_PER_TURN))
            .childHandler(initializer(setUp));
    var attempt = bootstrap.bind(new InetSocketAddress(address, port)).awaitUninterruptibly();
    Throwable cause = attempt.cause();
    if (cause != null) {
      throw new NodeStartException(
          "cannot listen on " + bind + ":" + port + " (" + what + "): " + cause.getMessage(),
          cause);
    }
    bound.add(attempt.channel());
    return ((InetSocketAddress) attempt.channel().localAddress()).getPort();
  }

  private static ChannelHandler initializer(Consumer<Channel> setUp) {
    return new ChannelInitializer<Channel>() {
      @Override
      protected void initChannel(Channel channel) {
        setUp.accept(channel);
      }
    };
  }

  /** Starts to accept. Loop thread. */
  void open() {
    bound.forEach(channel -> channel.config().setAutoRead(true));
  }

  /** Accepts no more and frees the ports. Loop thread. */
  void close() {
    bound.forEach(Quietly::close);
    bound.clear();
  }
}
