package io.shardwell.jepsen.checker;

import java.util.List;

/** What the checker found out about one key's history. */
public sealed interface Verdict {
  /** There is an order that explains every answer. */
  record Explained(int operations, long steps) implements Verdict {}

  /**
   * No order explains it.
   *
   * @param core indexes of operations that contradict each other, whatever all others did or did
   *     not do; in order of call
   */
  record Violation(List<Operation> history, List<Operation> core, String report)
      implements Verdict {}

  /** The search gave up after that many steps. This is not an approval. */
  record Undecided(int operations, long steps) implements Verdict {}

  default boolean isExplained() {
    return this instanceof Explained;
  }
}
