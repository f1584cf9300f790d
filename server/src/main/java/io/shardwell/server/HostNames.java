package io.shardwell.server;

import io.netty.util.NetUtil;
import io.shardwell.raftgroup.EventLoop;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns host names into addresses without ever holding the loop up: a name server may take seconds.
 */
final class HostNames {

  private final EventLoop loop;

  // At most one thread, and none while nobody asks.
  private final ExecutorService lookups;

  HostNames(EventLoop loop, String threadName) {
    this.loop = loop;
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            1,
            1,
            5,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, threadName);
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    this.lookups = pool;
  }

  /** Calls back on the loop, for a literal address before this returns; null if there is none. */
  void resolve(String host, Consumer<@Nullable InetAddress> answer) {
    byte[] literal = NetUtil.createByteArrayFromIpAddressString(host);
    if (literal != null) {
      answer.accept(lookUp(host));
      return;
    }
    try {
      lookups.execute(
          () -> {
            InetAddress found = lookUp(host);
            loop.execute(() -> answer.accept(found));
          });
    } catch (RejectedExecutionException closed) {
      // Closed meanwhile: nobody waits for the answer any more.
      assert lookups.isShutdown();
    }
  }

  private static @Nullable InetAddress lookUp(String host) {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      return null;
    }
  }

  void close() {
    lookups.shutdownNow();
  }
}
