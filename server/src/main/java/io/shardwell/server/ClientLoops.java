package io.shardwell.server;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.util.concurrent.AbstractEventExecutorGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.shardwell.storage.FaultHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Who reads and writes the sockets of clients: the node's loop itself, or, with {@code io-threads}
 * above 1, so many further loops less one (docs/decisions/0034).
 *
 * <p>Threads: a further loop does nothing but read and write. Requests are parsed and executed and
 * answers encoded on the node's loop, as ever; a {@link SocketOnClientLoop} is where the two meet.
 * The further loops never wait for the node's, and that one waits for them only at its own end.
 */
final class ClientLoops {

  // They wait for nothing, so that a second is long.
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(1);

  private final NettyEventLoop nodeLoop;
  private final List<ClientLoop> further = new ArrayList<>();

  /**
   * Starts the threads.
   *
   * @param ioThreads the node's loop counts as one
   */
  ClientLoops(String nodeId, NettyEventLoop nodeLoop, int ioThreads, FaultHandler faults) {
    this.nodeLoop = nodeLoop;
    for (int i = 1; i < ioThreads; i++) {
      NettyEventLoop loop = NettyEventLoop.start("shardwell-" + nodeId + "-io-" + i, faults);
      further.add(ClientLoop.on(loop, nodeLoop));
    }
  }

  /** Where accepted channels of clients go. */
  IoEventLoopGroup group() {
    return further.isEmpty() ? nodeLoop.netty() : new FewestChannels();
  }

  /** The handler for an accepted channel of a client. On the channel's thread. */
  ClientSocket socket(Channel channel, ClientSide side, ClientConnection connection) {
    for (ClientLoop loop : further) {
      if (loop.io.netty() == channel.eventLoop()) {
        Quietly.listen(channel.closeFuture(), closed -> loop.toNode.add(loop::channelClosed));
        return new SocketOnClientLoop(channel, loop, side.faults(), connection);
      }
    }
    return new SocketOnNodeLoop(channel, side, connection);
  }

  /** After the answers of each turn of the node's loop. */
  void handOver() {
    for (ClientLoop loop : further) {
      loop.toSockets.turnEnded();
    }
  }

  /**
   * Ends the threads after what whole turns of the node's loop have given them. As the last deed of
   * the node's loop.
   */
  void stop() {
    for (ClientLoop loop : further) {
      loop.io.execute(loop.io::stop);
    }
    for (ClientLoop loop : further) {
      loop.io.awaitStopped(STOP_PATIENCE);
    }
  }

  /** Gives each channel to the loop that has fewest. The loops are stopped by their owner. */
  private final class FewestChannels extends AbstractEventExecutorGroup
      implements IoEventLoopGroup {

    @Override
    public IoEventLoop next() {
      assert nodeLoop.inLoop() : "channels are accepted on the node's loop";
      ClientLoop chosen =
          further.stream().min(Comparator.comparingInt(ClientLoop::channels)).orElseThrow();
      chosen.channelGiven();
      return chosen.io.netty();
    }

    @Override
    @Deprecated
    public ChannelFuture register(Channel channel, ChannelPromise promise) {
      return next().register(channel, promise);
    }

    @Override
    public Iterator<EventExecutor> iterator() {
      return further.stream().<EventExecutor>map(loop -> loop.io.netty()).iterator();
    }

    @Override
    public boolean isShuttingDown() {
      return further.stream().allMatch(loop -> loop.io.netty().isShuttingDown());
    }

    @Override
    public boolean isShutdown() {
      return further.stream().allMatch(loop -> loop.io.netty().isShutdown());
    }

    @Override
    public boolean isTerminated() {
      return further.stream().allMatch(loop -> loop.io.netty().isTerminated());
    }

    @Override
    public Future<?> terminationFuture() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    @Deprecated
    public void shutdown() {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }
  }
}
