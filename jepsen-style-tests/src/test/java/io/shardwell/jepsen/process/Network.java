package io.shardwell.jepsen.process;

import java.io.IOException;
import java.util.List;

/** Where the processes of a cluster live and talk. Not thread-safe. */
public sealed interface Network extends AutoCloseable permits LoopbackNetwork, NamespaceNetwork {
  /** What a server listens on. */
  enum Listener {
    CLIENTS,
    PEERS,
    HTTP
  }

  /** Nodes are counted from 0. */
  String host(int node);

  int port(int node, Listener listener);

  /** The command as it must be started to run on that node's machine. */
  List<String> on(int node, List<String> command);

  /** Whether wires can be cut. */
  boolean canBreak();

  /** Drops what {@code from} sends to {@code to}, until {@link #heal}. */
  void cut(int from, int to) throws IOException;

  /** Drops this part, 0 to 1, of all packets that arrive at the node, until {@link #heal}. */
  void lose(int node, double part) throws IOException;

  /** All wires work again. */
  void heal() throws IOException;

  @Override
  void close();
}
