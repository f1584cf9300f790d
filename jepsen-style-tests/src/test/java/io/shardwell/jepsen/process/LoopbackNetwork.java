package io.shardwell.jepsen.process;

import io.shardwell.server.client.LocalPorts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Everybody on 127.0.0.1, on ports reserved for this run. Nothing can be cut. */
public final class LoopbackNetwork implements Network {
  private static final String LOOPBACK = "127.0.0.1";

  private final List<Map<Listener, Integer>> ports = new ArrayList<>();

  /** Reserves ports for so many nodes. */
  public LoopbackNetwork(int nodes) throws IOException {
    Listener[] listeners = Listener.values();
    Iterator<Integer> reserved = LocalPorts.reserve(nodes * listeners.length).iterator();
    for (int node = 0; node < nodes; node++) {
      Map<Listener, Integer> ofNode = new EnumMap<>(Listener.class);
      for (Listener listener : listeners) {
        ofNode.put(listener, reserved.next());
      }
      ports.add(ofNode);
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
