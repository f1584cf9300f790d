package io.shardwell.storage;

/** Placeholder of the contract. */
public record StorageLimits(int segmentBytes) {
  public static final StorageLimits DEFAULT = new StorageLimits(64 << 20);
}
