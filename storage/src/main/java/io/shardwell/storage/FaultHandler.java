package io.shardwell.storage;

import org.jspecify.annotations.Nullable;

/** Called on lost durability or a broken invariant; production halts, tests record. Any thread. */
public interface FaultHandler {
  void fault(String what, @Nullable Throwable cause);
}
