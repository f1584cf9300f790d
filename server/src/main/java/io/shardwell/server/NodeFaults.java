package io.shardwell.server;

import io.shardwell.storage.FaultHandler;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fail-stop of one node (DESIGN 9, 12). A standalone node halts its process at once, without
 * shutdown hooks: nothing may be written or sent after lost durability. An embedded node stops
 * alone: its loop ends, its sockets close, and whoever reported the fault is unwound with a {@link
 * NodeFault}.
 */
final class NodeFaults implements FaultHandler {

  /** The process's exit code after a fault. */
  static final int EXIT_CODE = 3;

  private static final Logger LOG = LoggerFactory.getLogger(NodeFaults.class);

  private final String nodeId;
  private final boolean standalone;
  private final AtomicReference<@Nullable NodeFault> first = new AtomicReference<>();
  private volatile @Nullable NettyEventLoop loop;

  NodeFaults(String nodeId, boolean standalone) {
    this.nodeId = nodeId;
    this.standalone = standalone;
  }

  /** The loop to halt. Set once, as soon as there is one. */
  void halts(NettyEventLoop theLoop) {
    loop = theLoop;
    if (first.get() != null) {
      theLoop.halt();
    }
  }

  @Override
  public void fault(String what, @Nullable Throwable cause) {
    NodeFault fault = new NodeFault("node " + nodeId + ": " + what, cause);
    if (first.compareAndSet(null, fault)) {
      LOG.error("Fault on node {}: {}; the node stops", nodeId, what, cause);
    }
    if (standalone) {
      Runtime.getRuntime().halt(EXIT_CODE);
    }
    NettyEventLoop running = loop;
    if (running != null) {
      running.halt();
    }
    throw fault;
  }

  /** The first fault, if there was one. Any thread. */
  @Nullable NodeFault first() {
    return first.get();
  }
}
