package io.shardwell.server;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.util.concurrent.ThreadAwareExecutor;

/**
 * Netty's epoll, with sockets that stay in it until they are closed.
 *
 * <p>In 4.2.18 a socket that waits for nothing is taken out of epoll (netty/netty#16689), and what
 * it waits for later fails with ENOENT, for the registration does not know that it is out. A client
 * that ends its side while it is not read from gets there: nothing to read, its end seen, nothing
 * to write. Reading on then would be a fault and halt the node, and answers that its socket does
 * not take at once would be lost. So instead of for nothing such a socket waits edge-triggered for
 * nothing, which is neither out nor, as the errors that epoll always reports come once, a loop.
 */
final class LastingEpoll implements IoHandler {

  private final IoHandler epoll;

  private LastingEpoll(IoHandler epoll) {
    this.epoll = epoll;
  }

  static IoHandlerFactory newFactory() {
    IoHandlerFactory factory = EpollIoHandler.newFactory();
    return (ThreadAwareExecutor executor) -> new LastingEpoll(factory.newHandler(executor));
  }

  @Override
  public void initialize() {
    epoll.initialize();
  }

  @Override
  public int run(IoHandlerContext context) {
    return epoll.run(context);
  }

  @Override
  public void prepareToDestroy() {
    epoll.prepareToDestroy();
  }

  @Override
  public void destroy() {
    epoll.destroy();
  }

  @Override
  public IoRegistration register(IoHandle handle) throws Exception {
    return new Lasting(epoll.register(handle));
  }

  @Override
  public void wakeup() {
    epoll.wakeup();
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> handleType) {
    return epoll.isCompatible(handleType);
  }

  private record Lasting(IoRegistration registration) implements IoRegistration {

    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals") // The interface is Netty's.
    public <T> T attachment() {
      return registration.attachment();
    }

    @Override
    public long submit(IoOps ops) {
      return registration.submit(EpollIoOps.NONE.equals(ops) ? EpollIoOps.EPOLLET : ops);
    }

    @Override
    public boolean isValid() {
      return registration.isValid();
    }

    @Override
    public boolean cancel() {
      return registration.cancel();
    }
  }
}
