package io.shardwell.jepsen.simulation;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Replays one seed: {@code -Dseed=N}, with {@code -Dstory=true} line by line. Without one there is
 * nothing to do.
 */
class ReplayTest {
  @Test
  void replaysOneSeed() {
    Long seed = Long.getLong("seed");
    Assumptions.assumeTrue(seed != null, "no seed given");
    if (seed != null) {
      boolean tell = Boolean.getBoolean("story");
      System.out.println(Run.of(Scenario.drawn(seed), tell ? System.out::println : null));
    }
  }
}
