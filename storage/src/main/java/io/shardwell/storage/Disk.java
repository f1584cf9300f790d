package io.shardwell.storage;

/** Placeholder of the contract. */
public interface Disk {
  void close();
}
