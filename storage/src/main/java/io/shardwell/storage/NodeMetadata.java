package io.shardwell.storage;

import java.util.Map;
import java.util.TreeMap;

/**
 * The small, rarely written facts of a node. The format version is storage's own and not part of
 * it.
 *
 * @param incarnation identity of this data directory, drawn once; 0 before the first start
 * @param bootNumber counted up and made durable at each start; 0 before the first start
 * @param clusterTable the agreed table of nodes and incarnations; opaque here, empty if none
 * @param opened the node has opened replicas under that table
 * @param rejoins the directory is empty on purpose: its node fetches everything from its peers,
 *     once they have admitted it under its new incarnation; false from {@code opened} on
 * @param growOnlySizes settings that must never shrink between starts, by name
 */
@SuppressWarnings("ArrayRecordComponent") // opaque bytes, shared and never changed
public record NodeMetadata(
    long incarnation,
    long bootNumber,
    byte[] clusterTable,
    boolean opened,
    boolean rejoins,
    Map<String, Long> growOnlySizes) {
  public NodeMetadata {
    assert !(opened && rejoins) : "opened, and yet to be admitted";
    growOnlySizes = Map.copyOf(growOnlySizes);
  }

  /** What a new directory holds. */
  public static NodeMetadata empty() {
    return new NodeMetadata(0, 0, new byte[0], false, false, Map.of());
  }

  public NodeMetadata withIncarnation(long newIncarnation) {
    return new NodeMetadata(
        newIncarnation, bootNumber, clusterTable, opened, rejoins, growOnlySizes);
  }

  public NodeMetadata withBootNumber(long newBootNumber) {
    return new NodeMetadata(
        incarnation, newBootNumber, clusterTable, opened, rejoins, growOnlySizes);
  }

  public NodeMetadata withClusterTable(byte[] newClusterTable) {
    return new NodeMetadata(
        incarnation, bootNumber, newClusterTable, opened, rejoins, growOnlySizes);
  }

  /** Who has opened does not rejoin any more. */
  public NodeMetadata withOpened(boolean newOpened) {
    return new NodeMetadata(
        incarnation, bootNumber, clusterTable, newOpened, rejoins && !newOpened, growOnlySizes);
  }

  public NodeMetadata withRejoins(boolean newRejoins) {
    return new NodeMetadata(
        incarnation, bootNumber, clusterTable, opened, newRejoins, growOnlySizes);
  }

  /** With the size set to the larger of its stored and the given value. */
  public NodeMetadata withGrownSize(String name, long atLeast) {
    Map<String, Long> grown = new TreeMap<>(growOnlySizes);
    grown.merge(name, atLeast, Math::max);
    return new NodeMetadata(incarnation, bootNumber, clusterTable, opened, rejoins, grown);
  }

  /** The stored size of that name, or 0. */
  public long grownSize(String name) {
    return growOnlySizes.getOrDefault(name, 0L);
  }
}
