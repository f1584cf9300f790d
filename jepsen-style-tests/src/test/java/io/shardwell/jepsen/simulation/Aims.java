package io.shardwell.jepsen.simulation;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Injections of a storm that wait for their phase. It is looked for after every turn, so the
 * shortest one is seen, and looking is no event; what struck nothing, because it cannot strike now,
 * goes on waiting.
 */
final class Aims {
  private static final long PATIENCE = 3 * VirtualTime.SECOND;

  /** What an injection does to a machine. */
  interface Strike {
    /** Whether it had any effect. */
    boolean at(SimulatedMachine machine, int number, Fault fault, Random random, boolean aimed);
  }

  private record Aim(Phase phase, int number, Fault fault, Random random, long until) {}

  private final SimulatedCluster cluster;
  private final Strike strike;
  private final List<Aim> aims = new ArrayList<>();

  Aims(SimulatedCluster cluster, Strike strike) {
    this.cluster = cluster;
    this.strike = strike;
  }

  void add(Phase phase, int number, Fault fault, Random random) {
    aims.add(new Aim(phase, number, fault, random, cluster.time().now() + PATIENCE));
  }

  /** A machine's turn is over: whose phase is this? */
  void turnEnded(SimulatedMachine machine) {
    if (aims.isEmpty()) {
      return;
    }
    Set<Phase> phases = Phase.at(machine);
    long now = cluster.time().now();
    for (Iterator<Aim> i = aims.iterator(); i.hasNext(); ) {
      Aim aim = i.next();
      boolean late = now > aim.until;
      if (late || phases.contains(aim.phase)) {
        // One phase, one fault at a time: a dead machine is in no phase any more.
        boolean struck = strike.at(machine, aim.number, aim.fault, aim.random, !late);
        if (struck || late) {
          i.remove();
        }
        if (struck) {
          return;
        }
      }
    }
  }
}
