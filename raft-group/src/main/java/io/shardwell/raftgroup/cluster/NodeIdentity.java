package io.shardwell.raftgroup.cluster;

import io.shardwell.storage.FaultHandler;
import io.shardwell.storage.NodeMetadata;
import io.shardwell.storage.NodeStorage;
import java.io.IOException;
import java.util.Random;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/** This node's durable metadata: the only place that changes it. Loop thread only. */
public final class NodeIdentity {

  /** Multiplied by it, modulo 2^64, neighbouring numbers lie far apart. */
  private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

  /** Leaves numbers of 48 bits: shorter on the wire, and they can be counted up from for ever. */
  private static final int NUMBER_SHIFT = 16;

  private final NodeStorage storage;
  private final LongSupplier wallClockMillis;

  /** As it will be on disk when all changes so far are durable. */
  private NodeMetadata metadata;

  private NodeIdentity(NodeStorage storage, NodeMetadata metadata, LongSupplier wallClockMillis) {
    this.storage = storage;
    this.wallClockMillis = wallClockMillis;
    this.metadata = metadata;
  }

  /**
   * A start of the node: a new directory gets an incarnation, every start gets a boot number of its
   * own, and both are durable before this returns, so before anybody hears of them (DESIGN 5, 10).
   */
  public static NodeIdentity begin(
      NodeStorage storage, Random random, LongSupplier wallClockMillis, FaultHandler faults) {
    NodeMetadata metadata = storage.metadata();
    if (metadata.incarnation() == 0) {
      long incarnation = random.nextLong();
      metadata = metadata.withIncarnation(incarnation == 0 ? 1 : incarnation);
    }
    metadata = metadata.withBootNumber(boot(metadata, wallClockMillis));
    try {
      storage.saveMetadata(metadata);
    } catch (IOException e) {
      faults.fault("could not write the node's metadata", e);
    }
    return new NodeIdentity(storage, metadata, wallClockMillis);
  }

  /**
   * Above all numbers before, and not below the time in milliseconds: an older copy of the
   * directory would otherwise use numbers again, and the shards would take its writes for writes of
   * then that they have answered.
   */
  private static long boot(NodeMetadata metadata, LongSupplier wallClockMillis) {
    return Math.max(metadata.bootNumber() + 1, wallClockMillis.getAsLong());
  }

  /**
   * Where this life of the node begins to number what it asks others: far from where any other life
   * of it does. A question may still be with a peer when its asker dies, for as long as a leader's
   * disk or election takes, and the answer goes to whoever bears the node's name then.
   */
  public long firstNumber() {
    return ((metadata.incarnation() + metadata.bootNumber()) * GOLDEN_RATIO) >>> NUMBER_SHIFT;
  }

  public NodeMetadata metadata() {
    return metadata;
  }

  /** Changes the metadata; the action runs on the loop when that is durable. */
  public void change(UnaryOperator<NodeMetadata> change, Runnable onDurable) {
    metadata = change.apply(metadata);
    storage.saveMetadata(metadata, onDurable);
  }

  /** A size that may only grow (MICRORAFT B8): the larger of what was stored and what is wanted. */
  public int grown(String name, int wanted, FaultHandler faults) {
    NodeMetadata grown = metadata.withGrownSize(name, wanted);
    if (!grown.equals(metadata)) {
      metadata = grown;
      try {
        storage.saveMetadata(metadata);
      } catch (IOException e) {
        faults.fault("could not write the node's metadata", e);
      }
    }
    return Math.toIntExact(metadata.grownSize(name));
  }

  /**
   * Counts the boot number up for a session that must begin anew; told when that is durable.
   *
   * @param above another number to exceed: that of a later life of this node, if an older copy of
   *     its directory has been put back, or 0
   */
  public void nextBoot(long above, LongConsumer onDurable) {
    long boot = Math.max(above + 1, boot(metadata, wallClockMillis));
    change(current -> current.withBootNumber(boot), () -> onDurable.accept(boot));
  }
}
