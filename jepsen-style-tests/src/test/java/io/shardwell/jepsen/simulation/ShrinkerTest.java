package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Shows that exactly the faults that it takes remain, and that leaving faults out is exact. */
class ShrinkerTest {
  private static final int INJECTIONS = 40;

  @Property(tries = 200)
  void exactlyTheFaultsThatItTakesRemain(
      @ForAll @Size(min = 0, max = 5) Set<@IntRange(min = 1, max = INJECTIONS) Integer> guilty) {
    Scenario broken = Scenario.drawn(7).withClients(6).withSeconds(30);
    SimulationFailure small =
        new Shrinker(scenario -> run(scenario, guilty), 5000, line -> {})
            .shrink(
                broken,
                new SimulationFailure(
                    broken, Check.HISTORY, 20_000_000_000L, INJECTIONS, "x", null));
    String line = String.valueOf(small.getMessage());
    assertThat(line).contains("--clients 2").contains("--seconds 21");
    for (int number = 1; number <= INJECTIONS; number++) {
      boolean leftOut = line.matches("(?s).*--without (.*,)?" + number + "(,.*)?");
      assertThat(leftOut).as("%s: %d", line, number).isEqualTo(!guilty.contains(number));
    }
  }

  /** Breaks if all guilty faults are in, and at least two clients. */
  private static @Nullable SimulationFailure run(Scenario scenario, Set<Integer> guilty) {
    boolean breaks =
        scenario.clients() >= 2
            && scenario.seconds() >= 10
            && guilty.stream().noneMatch(scenario.leftOut()::contains);
    return breaks
        ? new SimulationFailure(scenario, Check.HISTORY, 20_000_000_000L, INJECTIONS, "x", null)
        : null;
  }

  @Test
  void leavingAllFaultsOutIsACalmRunAndLeavingNoneOutChangesNothing() {
    Scenario scenario = Scenario.drawn(11).withSeconds(5);
    Set<Integer> all =
        java.util.stream.IntStream.rangeClosed(1, 100)
            .boxed()
            .collect(java.util.stream.Collectors.toSet());
    Run.Summary calm = Run.of(scenario.leavingOut(all));
    assertThat(calm.faults().totals()).isEmpty();
    assertThat(calm.crashes().total()).isZero();
    assertThat(Run.of(scenario.leavingOut(Set.of(99))).traceHash())
        .isEqualTo(Run.of(scenario).traceHash());
  }
}
