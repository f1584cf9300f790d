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
    Totals totals = new Totals();
    for (; System.nanoTime() < deadline; seed++) {
      Scenario scenario = Scenario.drawn(seed).withSteering();
      try {
        totals.add(Run.of(scenario));
      } catch (SimulationFailure failure) {
        totals.addBroken(scenario);
        failures.add("seed " + seed + ": " + failure.getMessage());
        System.out.println(failures.get(failures.size() - 1));
      }
    }
    System.out.println("chaos: " + totals);
    if (!failures.isEmpty()) {
      throw new AssertionError(String.join("\n", failures));
    }
  }
}
