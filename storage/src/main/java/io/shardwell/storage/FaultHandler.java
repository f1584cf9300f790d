package io.shardwell.storage;

import org.jspecify.annotations.Nullable;

/**
 * Where broken invariants and lost durability end. Called from any thread. In production it ends
 * the process (embedded: the node) and does not return normally; tests record the call and go on,
 * which is why every caller must be sound after it returns: it does nothing more.
 */
@FunctionalInterface
public interface FaultHandler {
  /**
   * Reports the fault.
   *
   * @param what one sentence for the operator, with file, offset and shard where they are known
   * @param cause what the disk or the code threw, if anything
   */
  void fault(String what, @Nullable Throwable cause);
}
