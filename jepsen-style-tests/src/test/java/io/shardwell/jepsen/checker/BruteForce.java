package io.shardwell.jepsen.checker;

import java.util.List;

/**
 * Linearizability by its definition: tries every order of every choice of open operations. Short
 * enough to be believed, slow enough for ten operations at most. The checker is compared with it.
 * Exact but for deadlines, where it is lenient: it does not remember when operations took effect.
 */
final class BruteForce {
  private final KeyModel model;
  private final ConnectionOrder order;
  private final List<Operation> history;

  BruteForce(KeyModel model, ConnectionOrder order, List<Operation> history) {
    this.model = model;
    this.order = order;
    this.history = history;
  }

  boolean isLinearizable() {
    return extend(0, KeyState.ABSENT);
  }

  private boolean extend(int done, KeyState state) {
    boolean complete = true;
    for (int i = 0; i < history.size(); i++) {
      complete &= history.get(i).isOpen() || (done & 1 << i) != 0;
    }
    if (complete) {
      return true;
    }
    for (int i = 0; i < history.size(); i++) {
      if ((done & 1 << i) == 0 && mayBeNext(done, history.get(i))) {
        for (KeyState next : model.step(state, history.get(i))) {
          if (extend(done | 1 << i, next)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private boolean mayBeNext(int done, Operation next) {
    for (int i = 0; i < history.size(); i++) {
      Operation other = history.get(i);
      boolean otherDone = (done & 1 << i) != 0;
      if (!otherDone && other.returned() < next.call()) {
        return false;
      }
      if (other.client() == next.client() && !other.isOpen() && order.binds(other, next)) {
        boolean otherWasCalledFirst = other.call() < next.call();
        if (!next.isOpen() && otherWasCalledFirst && !otherDone) {
          return false;
        }
        if (next.isOpen() && other.call() > next.call() && otherDone) {
          return false;
        }
      }
    }
    return true;
  }
}
