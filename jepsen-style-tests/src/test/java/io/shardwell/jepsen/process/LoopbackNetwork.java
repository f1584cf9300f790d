package io.shardwell.jepsen.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Everybody on 127.0.0.1, on ports that were free a moment ago. Nothing can be cut. */
public final class LoopbackNetwork implements Network {
  private static final String LOOPBACK = "127.0.0.1";

  private final List<Map<Listener, Integer>> ports = new ArrayList<>();

  /** Finds free ports for so many nodes. */
  public LoopbackNetwork(int nodes) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    try {
      for (int node = 0; node < nodes; node++) {
        Map<Listener, Integer> ofNode = new EnumMap<>(Listener.class);
        for (Listener listener : Listener.values()) {
          ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
          held.add(socket);
          ofNode.put(listener, socket.getLocalPort());
        }
        ports.add(ofNode);
      }
    } finally {
      for (ServerSocket socket : held) {
        socket.close();
      }
    }
  }

  @Override
  public String host(int node) {
    return LOOPBACK;
  }

  @Override
  public int port(int node, Listener listener) {
    return ports.get(node).getOrDefault(listener, -1);
  }

  @Override
  public List<String> on(int node, List<String> command) {
    return command;
  }

  @Override
  public boolean canBreak() {
    return false;
  }

  @Override
  public void cut(int from, int to) {
    throw new UnsupportedOperationException("loopback cannot be cut");
  }

  @Override
  public void lose(int node, double part) {
    throw new UnsupportedOperationException("loopback loses nothing");
  }

  @Override
  public void heal() {}

  @Override
  public void close() {}
}
