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
  /** Until a phase is there that has been brought about. */
  private static final long PATIENCE = 2 * VirtualTime.SECOND;

  /** Once some of an assault have struck, the others find the phase soon or not at all. */
  private static final long PATIENCE_AFTER_THE_FIRST = 100 * VirtualTime.MILLI;

  /** What an injection does to a machine. */
  interface Strike {
    /** Whether it had any effect. */
    boolean at(SimulatedMachine machine, int number, Fault fault, Random random, boolean aimed);
  }

  private record Aim(Phase phase, int number, Fault fault, Random random) {}

  private final SimulatedCluster cluster;
  private final Strike strike;
  private final List<Aim> aims = new ArrayList<>();
  private long until;

  // Between two that strike; 0: as many as can strike at the end of one turn.
  private long gapNanos;
  private long notBefore;

  Aims(SimulatedCluster cluster, Strike strike) {
    this.cluster = cluster;
    this.strike = strike;
  }

  /** One more; those that were added before strike first. */
  void add(Phase phase, int number, Fault fault, Random random) {
    aims.add(new Aim(phase, number, fault, random));
    until = cluster.time().now() + PATIENCE;
  }

  /** From now on so much time passes between two strikes at least. */
  void spread(long newGapNanos) {
    gapNanos = newGapNanos;
    notBefore = 0;
  }

  boolean isEmpty() {
    return aims.isEmpty();
  }

  /** A machine's turn is over: whose phase is this? */
  void turnEnded(SimulatedMachine machine) {
    long now = cluster.time().now();
    if (aims.isEmpty() || now < notBefore) {
      return;
    }
    boolean late = now > until;
    Set<Phase> phases = Phase.at(machine);
    for (Iterator<Aim> i = aims.iterator(); i.hasNext(); ) {
      Aim aim = i.next();
      boolean there = phases.contains(aim.phase);
      if (there || late) {
        boolean struck = strike.at(machine, aim.number, aim.fault, aim.random, there);
        if (struck || late) {
          i.remove();
        }
        if (struck && there) {
          until = Math.min(until, now + PATIENCE_AFTER_THE_FIRST);
          notBefore = now + gapNanos;
        }
        if (struck && (gapNanos > 0 || !Storm.isGentle(aim.fault))) {
          return;
        }
      }
    }
  }
}
