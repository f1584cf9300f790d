package io.shardwell.raftgroup;

import io.shardwell.storage.FaultHandler;
import io.shardwell.storage.NodeStorage;
import java.util.List;

/** Placeholder of the contract. */
public final class Engine {
  private final EngineConfig config;

  public Engine(
      EngineConfig config, EventLoop loop, PeerBus bus, NodeStorage storage, FaultHandler faults) {
    this.config = config;
  }

  public void start() {}

  public InboundLink accept(Runnable closeLink) {
    return new InboundLink() {
      @Override
      public void onFrame(java.nio.ByteBuffer frame) {}

      @Override
      public void onClosed() {}
    };
  }

  public ClientSession openSession() {
    return new ClientSession();
  }

  public void endTurn() {}

  public void stop(Runnable stopped) {
    stopped.run();
  }

  public NodeStatus status() {
    return new NodeStatus(
        config.nodeId(), 1, "00", true, "", 0, 1, config.shards(), List.of(), List.of(), 0);
  }

  public boolean isReady() {
    return true;
  }
}
