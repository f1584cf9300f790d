package io.shardwell.server.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports of this machine for servers that are to listen on it: whether one is free, and some that
 * stay free until they are used. Thread-safe.
 */
public final class LocalPorts {

  /** Ports that one process takes at a time; the first of them is its mark and never given away. */
  private static final int BLOCK = 64;

  private static final int LOWEST = 10_000;

  /**
   * Kernels take the local ends of outgoing connections from here on (Linux by default; others and
   * IANA start higher). A port below is nobody's unless a server asks for it by its number, while
   * one above may be gone between the moment it was found free and the moment it is listened on.
   */
  private static final int EPHEMERAL = 32_768;

  private static final int MAX_BLOCKS_TRIED = 1_000;

  /** Held open until the process ends: whoever else reserves ports passes over their blocks. */
  private static final List<ServerSocket> MARKS = new ArrayList<>();

  private static int next;
  private static int end;

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

  /**
   * So many ports of the loopback address, for a cluster on one machine whose nodes must know each
   * other's addresses before the first of them listens. They are free now, no outgoing connection
   * takes one, and no two calls return the same one, in this process or in another that lives.
   *
   * @param count from 1; a few hundred processes can hold 63 ports each
   * @throws IOException if no ports are left
   */
  public static synchronized List<Integer> reserve(int count) throws IOException {
    List<Integer> ports = new ArrayList<>(count);
    while (ports.size() < count) {
      if (next == end) {
        takeBlock();
      }
      int port = next++;
      if (isFree(loopback().getHostAddress(), port)) {
        ports.add(port);
      }
    }
    return ports;
  }

  private static void takeBlock() throws IOException {
    for (int i = 0; i < MAX_BLOCKS_TRIED; i++) {
      int blocks = (EPHEMERAL - LOWEST) / BLOCK;
      int first = LOWEST + ThreadLocalRandom.current().nextInt(blocks) * BLOCK;
      ServerSocket mark = new ServerSocket();
      try {
        mark.setReuseAddress(false);
        mark.bind(new InetSocketAddress(loopback(), first), 1);
      } catch (IOException busy) {
        mark.close();
        continue;
      }
      MARKS.add(mark);
      next = first + 1;
      end = first + BLOCK;
      return;
    }
    throw new IOException("no ports left to reserve from " + LOWEST + " to " + (EPHEMERAL - 1));
  }

  private static InetAddress loopback() {
    return InetAddress.getLoopbackAddress();
  }
}
