package io.shardwell.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;

/**
 * Calls on channels whose futures nobody needs: what fails shows as {@code exceptionCaught} (a void
 * promise says so) or as {@code channelInactive}, and both are handled where the channel is.
 */
@SuppressWarnings("FutureReturnValueIgnored") // For the reason above, here and nowhere else.
final class Quietly {

  private Quietly() {}

  static void write(Channel channel, ByteBuf bytes) {
    channel.write(bytes, channel.voidPromise());
  }

  static void close(Channel channel) {
    channel.close();
  }

  /** Closes when the socket has taken what was written before. */
  static void closeAfterWrites(Channel channel) {
    channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  static void listen(ChannelFuture future, ChannelFutureListener listener) {
    future.addListener(listener);
  }
}
