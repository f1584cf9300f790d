package io.shardwell.jepsen.simulation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What the next storm of a sweep is about: the cells of the table of faults by phases that hold
 * less than what is wanted. A seed stays what it is. What the sweep so far decides is said with the
 * options of the scenario, so its replay line gives the same run without the sweep.
 */
final class Steering {
  /** Fewer kinds would tell too little about what they do to each other. */
  private static final int LEAST_KINDS = 6;

  private final Totals totals;
  private final long wanted;

  Steering(Totals totals, long wanted) {
    this.totals = totals;
    this.wanted = wanted;
  }

  /** A storm of this shape on the phase that lacks most, as chance will have it. */
  Scenario aim(Scenario storm) {
    Random random = new Random(new SplittableRandom(storm.seed()).nextLong());
    Map<Phase, Long> missing = new EnumMap<>(Phase.class);
    for (Phase phase : Storm.foci()) {
      long sum = storm.faults().stream().mapToLong(fault -> missing(fault, phase)).sum();
      missing.put(phase, sum);
    }
    long all = missing.values().stream().mapToLong(Long::longValue).sum();
    if (all == 0 || random.nextInt(8) == 0) {
      return storm;
    }
    long left = random.nextLong(all);
    for (Map.Entry<Phase, Long> each : missing.entrySet()) {
      left -= each.getValue();
      if (left < 0) {
        return aim(storm, each.getKey(), random);
      }
    }
    throw new AssertionError();
  }

  private Scenario aim(Scenario storm, Phase phase, Random random) {
    Set<Fault> kinds = EnumSet.noneOf(Fault.class);
    storm.faults().stream().filter(fault -> missing(fault, phase) > 0).forEach(kinds::add);
    List<Fault> others = new ArrayList<>(storm.faults());
    Collections.shuffle(others, random);
    while (kinds.size() < LEAST_KINDS && !others.isEmpty()) {
      kinds.add(others.remove(0));
    }
    // A disk is lost while members change only where more than three replicas bear two losses.
    boolean wider =
        phase == Phase.MEMBERSHIP && kinds.contains(Fault.LOST_DISK) && random.nextBoolean();
    return (wider ? storm.withReplicas(5) : storm).withFaults(kinds).withStormOn(phase);
  }

  private long missing(Fault fault, Phase phase) {
    return Math.max(0, wanted - totals.count(fault, phase));
  }
}
