package io.shardwell.server.command;

import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.MemoryLimit;
import io.shardwell.statemachine.Reply;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The cluster's memory setting as CONFIG and INFO see it: the engine's, or a test's. */
public interface MemorySetting {

  /** What each node may use for data, and what happens then. */
  MemoryLimit current();

  /** Whether by what this node knows nothing more can be stored. */
  boolean isOutOfMemory();

  /**
   * Changes it for the whole cluster; null leaves a part of it. The reply is given exactly once, on
   * the loop.
   */
  void change(@Nullable Long bytes, @Nullable EvictionPolicy policy, Consumer<Reply> onReply);
}
