package io.shardwell.jepsen.simulation;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes a broken scenario small: fewer seconds, fewer clients, and only the faults that it takes
 * (delta debugging, Zeller and Hildebrandt 2002). What remains need not fail in the same way; it
 * fails.
 */
final class Shrinker {
  private final Function<Scenario, @Nullable SimulationFailure> run;
  private final Consumer<String> progress;
  private int runsLeft;

  /**
   * A shrinker.
   *
   * @param run null if every promise was kept
   * @param runs how often to try at most
   */
  Shrinker(
      Function<Scenario, @Nullable SimulationFailure> run, int runs, Consumer<String> progress) {
    this.run = run;
    this.runsLeft = runs;
    this.progress = progress;
  }

  /** How a scenario runs in earnest. */
  static @Nullable SimulationFailure failureOf(Scenario scenario) {
    try {
      Run.Summary unused = Run.of(scenario);
      return null;
    } catch (SimulationFailure failure) {
      return failure;
    }
  }

  /** The smallest one found, and how it fails; {@code failure} is that of {@code broken}. */
  SimulationFailure shrink(Scenario broken, SimulationFailure failure) {
    Best best = new Best(broken, failure);
    long untilFailure = failure.nanos() / VirtualTime.SECOND + 1;
    if (failure.nanos() > 0 && untilFailure < broken.seconds()) {
      best.tryOut(best.scenario.withSeconds((int) untilFailure));
    }
    leaveOutFaults(best);
    while (best.scenario.clients() > 1
        && best.tryOut(best.scenario.withClients(best.scenario.clients() - 1))) {}
    leaveOutFaults(best);
    return best.failure;
  }

  private void leaveOutFaults(Best best) {
    List<Integer> kept = kept(best);
    int pieces = 2;
    while (!kept.isEmpty()) {
      int piece = Math.max(1, (kept.size() + pieces - 1) / pieces);
      boolean smaller = false;
      for (int from = 0; from < kept.size() && !smaller; from += piece) {
        Set<Integer> leftOut = new TreeSet<>(best.scenario.leftOut());
        leftOut.addAll(kept.subList(from, Math.min(kept.size(), from + piece)));
        smaller = best.tryOut(best.scenario.leavingOut(leftOut));
      }
      if (smaller) {
        kept = kept(best);
        pieces = Math.max(2, pieces - 1);
      } else if (piece == 1) {
        return;
      } else {
        pieces = Math.min(kept.size(), pieces * 2);
      }
    }
  }

  private static List<Integer> kept(Best best) {
    Collection<Integer> leftOut = new HashSet<>(best.scenario.leftOut());
    List<Integer> kept = new ArrayList<>();
    for (int number = 1; number <= best.failure.injections(); number++) {
      if (!leftOut.contains(number)) {
        kept.add(number);
      }
    }
    return kept;
  }

  private final class Best {
    private Scenario scenario;
    private SimulationFailure failure;

    Best(Scenario scenario, SimulationFailure failure) {
      this.scenario = scenario;
      this.failure = failure;
    }

    /** Whether it fails too; then it is the best. */
    boolean tryOut(Scenario smaller) {
      if (runsLeft <= 0) {
        return false;
      }
      runsLeft--;
      SimulationFailure found = run.apply(smaller);
      if (found == null) {
        return false;
      }
      scenario = smaller;
      failure = found;
      progress.accept("  still broken: " + smaller.replayLine());
      return true;
    }
  }
}
