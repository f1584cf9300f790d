package io.shardwell.server.client;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Looks whether ports of this machine are free. */
public final class LocalPorts {

  private LocalPorts() {}

  /**
   * Whether a server could listen on this address now. An answer for the moment only: somebody else
   * may be quicker, so whoever listens later reports its own failure too.
   */
  public static boolean isFree(String host, int port) {
    try (ServerSocket probe = new ServerSocket()) {
      // As the servers themselves do: connections of a former run that linger do not count.
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(host, port), 1);
      return true;
    } catch (IOException busy) {
      return false;
    }
  }
}
