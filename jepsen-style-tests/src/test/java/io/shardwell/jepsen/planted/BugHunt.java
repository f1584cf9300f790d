package io.shardwell.jepsen.planted;

import io.shardwell.jepsen.simulation.Check;
import io.shardwell.jepsen.simulation.Run;
import io.shardwell.jepsen.simulation.SimulationFailure;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs seed after seed with a bug planted, until the simulator notices. */
final class BugHunt {
  /** Where every hunt begins. */
  static final long FIRST_SEED = 1;

  /**
   * A catch.
   *
   * @param seeds runs it took, this one included
   * @param check what noticed it
   */
  record Catch(long seeds, Check check, SimulationFailure failure) {
    /** The failure's first line, without the time. */
    String firstLine() {
      String message = String.valueOf(failure.getMessage());
      return message.lines().findFirst().orElse("").replaceFirst("^at [0-9.]+ s: ", "");
    }
  }

  private BugHunt() {}

  /** All there are. */
  static List<PlantedBug> bugs() {
    return Stream.of(
            DiskBugs.all(),
            ReplicationBugs.all(),
            GuardBugs.all(),
            MemberBugs.all(),
            ReadBugs.all(),
            StateBugs.all())
        .flatMap(List::stream)
        .toList();
  }

  static PlantedBug bug(String name) {
    return bugs().stream()
        .filter(bug -> bug.name().equals(name))
        .findAny()
        .orElseThrow(() -> new IllegalArgumentException("no planted bug is called " + name));
  }

  /**
   * Hunts a bug; null if none of so many seeds shows it.
   *
   * @throws Inside.Gone if it no longer fits the code
   */
  static @Nullable Catch hunt(PlantedBug bug, int budget) {
    long changed = 0;
    for (long i = 0; i < budget; i++) {
      try (Detours detours = Detours.plant(bug)) {
        SimulationFailure failure = run(bug, FIRST_SEED + i);
        detours.check();
        changed += detours.changedCalls();
        if (failure != null) {
          if (changed == 0) {
            throw new IllegalStateException(bug + " changed nothing, yet it failed", failure);
          }
          return new Catch(i + 1, failure.check(), failure);
        }
      }
    }
    if (changed == 0) {
      throw new Inside.Gone(bug + " changed no call in " + budget + " runs", null);
    }
    return null;
  }

  /** The failure of one run, null if it is sound. */
  static @Nullable SimulationFailure run(PlantedBug bug, long seed) {
    try {
      Run.Summary unused = Run.of(bug.scenario(seed));
      return null;
    } catch (SimulationFailure failure) {
      return failure;
    }
  }

  /** What a bug's row in the table begins with. */
  static String rowStart(PlantedBug bug) {
    return "| `" + bug + "`: " + bug.does() + " | " + bug.rule() + " | " + bug.aim() + " |";
  }

  private static String describe(Catch found) {
    String words =
        switch (found.check()) {
          case ASSERTION -> "the node itself";
          case INVARIANT -> "invariant";
          case RECOVERY -> "recovery";
          case LIVENESS -> "not working again";
          case AGREEMENT -> "replicas differ";
          case HISTORY -> "history";
        };
    return words + " | " + found.seeds();
  }

  /**
   * Hunts the bugs named, or all, and prints the table's rows.
   *
   * @param arguments the budget in seeds, then names
   */
  public static void main(String[] arguments) {
    int budget = Integer.parseInt(arguments[0]);
    List<PlantedBug> hunted =
        arguments.length == 1 ? bugs() : Stream.of(arguments).skip(1).map(BugHunt::bug).toList();
    for (PlantedBug bug : hunted) {
      long start = System.nanoTime();
      Catch found;
      try {
        found = hunt(bug, budget);
      } catch (Inside.Gone gone) {
        System.out.println("| `" + bug + "` | " + gone);
        continue;
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      String row = found == null ? " not in " + budget + " | - |" : " " + describe(found) + " |";
      System.out.printf(Locale.ROOT, "%s%s%n", rowStart(bug), row);
      System.out.printf(
          Locale.ROOT, "  %.1f s %s%n", seconds, found == null ? "" : found.firstLine());
    }
  }
}
