package io.shardwell.jepsen.checker;

import java.util.List;

/**
 * Decides whether one key's history is linearizable, and if not, what contradicts what.
 *
 * @param model the sequential specification
 * @param order which operations of one client must also take effect in the order of their calls
 *     (pipelined commands of one connection to one shard)
 * @param maxSteps configurations visited before the verdict is {@link Verdict.Undecided}; each may
 *     cost some hundred bytes
 */
public record LinearizabilityChecker(KeyModel model, ConnectionOrder order, int maxSteps) {
  public static final int DEFAULT_MAX_STEPS = 400_000;

  public LinearizabilityChecker(KeyModel model) {
    this(model, ConnectionOrder.NONE, DEFAULT_MAX_STEPS);
  }

  /** The verdict on one key that was absent at the beginning. Any order of the list will do. */
  public Verdict check(List<Operation> history) {
    Search search = new Search(model, order, history, maxSteps);
    return switch (search.run()) {
      case EXPLAINED -> new Verdict.Explained(history.size(), search.steps());
      case UNDECIDED -> new Verdict.Undecided(history.size(), search.steps());
      case VIOLATION -> new Contradiction(this, history, search).verdict();
    };
  }
}
