package io.shardwell.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;

/** A client's socket whose I/O thread is the node's loop: every call is made at once. */
final class SocketOnNodeLoop extends ClientSocket {

  private static final int FIRST_ANSWER_BYTES = 256;

  private final ClientSide side;
  private final ClientConnection connection;

  SocketOnNodeLoop(Channel channel, ClientSide side, ClientConnection connection) {
    super(channel, side.faults());
    this.side = side;
    this.connection = connection;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    connection.opened(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf arrived = (ByteBuf) message;
    try {
      byte[] scratch = side.scratch();
      while (arrived.isReadable()) {
        int length = Math.min(scratch.length, arrived.readableBytes());
        arrived.readBytes(scratch, 0, length);
        connection.arrived(scratch, length);
      }
    } finally {
      ReferenceCountUtil.release(arrived);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      connection.inputEnded();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (channel.isWritable()) {
      connection.onRoom();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    connection.gone();
  }

  @Override
  ByteBuf buffer() {
    return channel.alloc().directBuffer(FIRST_ANSWER_BYTES);
  }

  @Override
  void write(ByteBuf answers) {
    writeInPieces(answers);
    channel.flush();
  }

  @Override
  long pendingBytes() {
    return bufferedBytes();
  }

  @Override
  void awaitRoom() {
    // Netty's high-water mark is the same limit: having passed it, the channel tells of room.
  }

  @Override
  void setReading(boolean wanted) {
    setAutoRead(wanted);
  }

  @Override
  void closeAfterWrites() {
    Quietly.closeAfterWrites(channel);
  }

  @Override
  void close() {
    Quietly.close(channel);
  }
}
