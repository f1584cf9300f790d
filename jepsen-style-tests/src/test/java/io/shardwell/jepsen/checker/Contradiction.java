package io.shardwell.jepsen.checker;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Reduces a history that cannot be explained to the operations that contradict each other.
 *
 * <p>First the end: the shortest prefix that is a violation, with whatever was answered after its
 * end taken as not answered. Then the beginning: everything before the last moment at which only
 * one state was possible is replaced by a SET of that value. Then every operation that can be
 * <i>relaxed</i> (might have taken effect at any time, or never, with any result) without making
 * the history explainable is irrelevant. What remains is the core: no correct store gives these
 * answers, whatever became of all the others called by then.
 */
final class Contradiction {
  private static final int MAX_LINES = 60;
  private static final int LINES_BEFORE = 10;

  /** Only so many operations before the contradiction are looked at one by one. */
  private static final int MAX_CORE = 60;

  private static final long LONG_AGO = Long.MIN_VALUE;

  /** Steps spent on making the report small, in total and per attempt. */
  private static final int MAX_STEPS = 600_000;

  private static final int MAX_STEPS_PER_ATTEMPT = 30_000;

  private final LinearizabilityChecker checker;
  private final List<Operation> history;
  private final List<Operation> prefix;
  private final Operation stuckAt;
  private final List<KeyState> states;
  private final List<Operation> relevant;
  private long steps;

  Contradiction(LinearizabilityChecker checker, List<Operation> history, Search search) {
    this.checker = checker;
    this.history = history.stream().sorted(Comparator.comparingLong(Operation::call)).toList();
    long[] ends =
        history.stream()
            .mapToLong(Operation::returned)
            .filter(end -> end != Operation.OPEN && end >= search.stuckAt().returned())
            .sorted()
            .toArray();
    // Invariant: the prefix up to ends[high] is a violation. A longer one of a violation is, too.
    int low = 0;
    int high = ends.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (isViolation(until(ends[middle]))) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    this.prefix = until(ends[high]);
    Search last = search(prefix, checker.maxSteps());
    last.run();
    this.stuckAt = last.stuckAt();
    this.states = last.statesWhenStuck();
    List<Operation> rest = last.restAfterLastCertainty();
    // With the order of clients, what was left out may have bound what is left: look again.
    this.relevant = isViolation(rest) ? rest : prefix;
    this.relevant.sort(Comparator.comparingLong(Operation::call));
  }

  Verdict.Violation verdict() {
    List<Operation> core = core();
    return new Verdict.Violation(history, core, report(core));
  }

  /** What was known then: whatever was answered later is open. */
  private List<Operation> until(long end) {
    List<Operation> until = new ArrayList<>();
    for (Operation o : history) {
      if (o.call() <= end) {
        boolean answered = o.returned() <= end;
        until.add(answered ? o : Operation.open(o.client(), o.command(), o.call()));
      }
    }
    return until;
  }

  private List<Operation> core() {
    List<Integer> kept = new ArrayList<>();
    for (int i = 0; i < relevant.size(); i++) {
      if (!relevant.get(i).isOpen()) {
        kept.add(i);
      }
    }
    // Longer ago lies context, not contradiction, and every attempt costs a search.
    kept.subList(0, Math.max(0, kept.size() - MAX_CORE)).clear();
    List<Operation> relaxed = new ArrayList<>(relevant);
    for (int chunk = Math.max(1, kept.size() / 2); ; chunk /= 2) {
      for (int from = 0; from < kept.size(); ) {
        List<Integer> tried = List.copyOf(kept.subList(from, Math.min(kept.size(), from + chunk)));
        List<Operation> attempt = new ArrayList<>(relaxed);
        tried.forEach(i -> attempt.set(i, relax(relevant.get(i), i)));
        if (isViolation(attempt)) {
          relaxed = attempt;
          kept.removeAll(tried);
        } else {
          from += chunk;
        }
      }
      if (chunk <= 1) {
        break;
      }
    }
    return kept.stream().map(relevant::get).toList();
  }

  /** A client of its own, so that no order of calls binds it. */
  private static Operation relax(Operation o, int index) {
    return Operation.open(-1 - index, o.command(), LONG_AGO);
  }

  private boolean isViolation(List<Operation> attempt) {
    if (steps > MAX_STEPS) {
      return false;
    }
    Search search = search(attempt, MAX_STEPS_PER_ATTEMPT);
    Search.Result result = search.run();
    steps += search.steps();
    return result == Search.Result.VIOLATION;
  }

  /** One that gives up early: the core may then be larger than need be, never wrong. */
  private Search search(List<Operation> attempt, int maxSteps) {
    int budget = Math.min(maxSteps, checker.maxSteps());
    return new Search(checker.model(), checker.order(), attempt, budget);
  }

  private String report(List<Operation> core) {
    StringBuilder text = new StringBuilder();
    text.append("not linearizable. The first answer that nothing explains:\n  ")
        .append(stuckAt.show())
        .append("\npossible states just before it:");
    states.stream().limit(8).forEach(s -> text.append("\n  ").append(shorten(s.show())));
    if (states.size() > 8) {
      text.append("\n  and ").append(states.size() - 8).append(" more");
    }
    text.append("\nsmallest contradiction, ").append(core.size()).append(" operations (*), and ");
    text.append("what ran at the same time and just before:\n");
    long begin =
        core.stream()
            .mapToLong(Operation::call)
            .filter(call -> call != LONG_AGO)
            .min()
            .orElse(stuckAt.call());
    List<Operation> window = new ArrayList<>(core);
    int left = MAX_LINES - core.size();
    // Nearest to the end first: what is cut off is what happened longest ago.
    List<Operation> others = new ArrayList<>(history);
    Collections.reverse(others);
    int before = LINES_BEFORE;
    int hidden = 0;
    for (Operation o : others) {
      if (!core.contains(o) && o.call() <= stuckAt.returned()) {
        boolean meanwhile = o.returned() >= begin;
        if (!meanwhile && before-- <= 0) {
          continue;
        }
        if (left-- > 0) {
          window.add(o);
        } else {
          hidden++;
        }
      }
    }
    window.sort(Comparator.comparingLong(Operation::call));
    for (Operation o : window) {
      boolean summary = o.call() == LONG_AGO;
      text.append(core.contains(o) ? "* " : "  ")
          .append(shorten(summary ? "all before amounts to " + o.command().show() : o.show()))
          .append('\n');
    }
    if (hidden > 0) {
      text.append(String.format(Locale.ROOT, "  and %d more in that time%n", hidden));
    }
    return text.toString();
  }

  private static String shorten(String line) {
    return line.length() <= 200
        ? line
        : line.substring(0, 100) + "..." + line.substring(line.length() - 95);
  }
}
