package io.shardwell.jepsen.faults;

import io.shardwell.jepsen.process.NamespaceNetwork;
import io.shardwell.jepsen.process.ServerProcesses;
import io.shardwell.jepsen.process.SmallDisk;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What faults can get at.
 *
 * @param namespaces null where wires cannot be cut
 * @param interposers one per node, or none at all
 * @param smallDisk that of node 0, null where none can be mounted
 * @param clientPorts local ports of connections of clients to a node, as they are now
 * @param disorderMillis how long wall clocks were wrong or nodes stood still so far: by so much log
 *     time may lag behind, which the judge of deadlines has to allow for
 */
record Site(
    ServerProcesses servers,
    int nodes,
    @Nullable NamespaceNetwork namespaces,
    List<Interposer> interposers,
    @Nullable SmallDisk smallDisk,
    Supplier<List<ClientPort>> clientPorts,
    AtomicLong disorderMillis) {

  /** A connection of a client. */
  record ClientPort(int node, int port) {}

  boolean hasInterposers() {
    return !interposers.isEmpty();
  }

  NamespaceNetwork wires() {
    if (namespaces == null) {
      throw new IllegalStateException("no namespaces");
    }
    return namespaces;
  }

  /** Starts the node if it is down. */
  void revive(int node) {
    if (!servers.isAlive(node)) {
      servers.start(node);
    }
  }
}
