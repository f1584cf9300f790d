package io.shardwell.jepsen.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Tries new seeds for as long as one likes: {@code -Pchaos -Dchaos.minutes=60}, from {@code
 * -Dchaos.seed=N} on (otherwise from the time of day). Prints what it did; fails at the end with
 * every seed that failed.
 */
@Tag("chaos")
class ChaosTest {
  @Test
  void newSeedsKeepEveryPromise() {
    long minutes = Long.getLong("chaos.minutes", 1);
    long seed = Long.getLong("chaos.seed", System.currentTimeMillis());
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(minutes);
    List<String> failures = new ArrayList<>();
    long seeds = 0;
    long events = 0;
    long crashes = 0;
    long operations = 0;
    long undecided = 0;
    double hours = 0;
    for (; System.nanoTime() < deadline; seed++, seeds++) {
      try {
        Run.Summary summary = Run.of(Scenario.drawn(seed));
        events += summary.events();
        crashes += summary.crashes();
        operations += summary.history().operations();
        undecided += summary.history().undecided().size();
        hours += summary.simulatedNanos() / 3.6e12;
      } catch (SimulationFailure failure) {
        failures.add("seed " + seed + ": " + failure.getMessage());
        System.out.println(failures.get(failures.size() - 1));
      }
    }
    System.out.printf(
        "chaos: %d seeds, %d events, %.2f simulated hours, %d crashes, %d operations,"
            + " %d undecided keys, %d failures%n",
        seeds, events, hours, crashes, operations, undecided, failures.size());
    if (!failures.isEmpty()) {
      throw new AssertionError(String.join("\n", failures));
    }
  }
}
