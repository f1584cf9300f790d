package io.shardwell.storage;

import java.io.IOException;

/** Placeholder of the contract. */
public final class NodeStorage {
  private NodeStorage() {}

  public static NodeStorage open(Disk disk, StorageLimits limits, FaultHandler faults)
      throws IOException {
    return new NodeStorage();
  }

  public void close() {}
}
