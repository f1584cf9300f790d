package io.shardwell.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.shardwell.storage.FaultHandler;
import java.io.IOException;
import java.net.SocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The wall between a client's connection, which lives on the node's loop, and its socket.
 *
 * <p>The methods below are for the connection and are called on the node's loop. What comes from
 * the socket reaches the connection there, too, and in the order in which it happened: {@link
 * ClientConnection#opened}, {@link ClientConnection#arrived}, {@link ClientConnection#inputEnded},
 * {@link ClientConnection#onRoom}, {@link ClientConnection#gone}. Which thread moves the bytes is
 * the business of the implementations.
 */
abstract class ClientSocket extends ChannelInboundHandlerAdapter {

  private static final Logger LOG = LoggerFactory.getLogger(ClientSocket.class);

  private static final int PIECE_BYTES = 128 << 10;

  final Channel channel;
  private final FaultHandler faults;

  ClientSocket(Channel channel, FaultHandler faults) {
    this.channel = channel;
    this.faults = faults;
  }

  final SocketAddress remoteAddress() {
    return channel.remoteAddress();
  }

  final SocketAddress localAddress() {
    return channel.localAddress();
  }

  /** An empty buffer for answers; it goes back with {@link #write}, or is released. */
  abstract ByteBuf buffer();

  /** Sends these answers after those before. */
  abstract void write(ByteBuf answers);

  /**
   * Writes to Netty, in pieces: what the system has taken of a buffer counts only once it has taken
   * all of it, and a slow client must be seen to read. On the channel's loop.
   */
  final void writeInPieces(ByteBuf answers) {
    while (answers.readableBytes() > PIECE_BYTES) {
      Quietly.write(channel, answers.readRetainedSlice(PIECE_BYTES));
    }
    Quietly.write(channel, answers);
  }

  /** Bytes written that the operating system has not taken yet, never too few. */
  abstract long pendingBytes();

  /**
   * Asks for one {@link ClientConnection#onRoom}, soon after less than {@link
   * ClientLimits#OUTPUT_HIGH_BYTES} are pending; at once if that is so.
   */
  abstract void awaitRoom();

  /** Whether the client's bytes are to be read. What is on its way may still arrive. */
  abstract void setReading(boolean wanted);

  /** Closes when everything written has been taken. */
  abstract void closeAfterWrites();

  /** Closes at once; what is pending is lost. */
  abstract void close();

  /**
   * Tells Netty whether to read. On the channel's thread.
   *
   * <p>A socket that has failed is closed at once, but leaves the loop and says so a little later;
   * in between Netty would speak to epoll about a descriptor that is another's by then.
   */
  final void setAutoRead(boolean wanted) {
    if (channel.isOpen()) {
      channel.config().setAutoRead(wanted);
    }
  }

  /** What Netty holds for the socket. Any thread. */
  final long bufferedBytes() {
    ChannelOutboundBuffer waiting = channel.unsafe().outboundBuffer();
    return waiting == null ? 0 : waiting.totalPendingWriteBytes();
  }

  @Override
  public final void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    Quietly.close(channel);
    if (cause instanceof IOException) {
      LOG.debug("Client {}", remoteAddress(), cause);
    } else if (!(cause instanceof NodeFault)) {
      faults.fault("serving client " + remoteAddress(), cause);
    }
  }
}
