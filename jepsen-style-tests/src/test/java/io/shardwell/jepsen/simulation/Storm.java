package io.shardwell.jepsen.simulation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One assault after the other: a rare phase is brought about, and several faults strike while it
 * goes on. Between two assaults the cluster may become a working one again, most of the time,
 * because rare phases are those of a cluster that works.
 *
 * <p>A phase ends with the process that is in it. So what leaves processes alone strikes first, all
 * at once if need be, and what ends some comes last, one fault for each process in that phase.
 */
final class Storm {
  /** What an assault aims at, and how often: recovery comes with every crash anyway. */
  private static final Map<Phase, Integer> WEIGHTS =
      new EnumMap<>(
          Map.of(
              Phase.ELECTION, 1,
              Phase.TRANSFER, 3,
              Phase.SNAPSHOT_TAKING, 2,
              Phase.SNAPSHOT_INSTALL, 4,
              Phase.MEMBERSHIP, 3,
              Phase.RECOVERY, 1));

  /** What leaves the processes alone; stories do too, at first at least. */
  private static final Set<Fault> GENTLE =
      EnumSet.of(
          Fault.PAUSE,
          Fault.ISOLATE,
          Fault.ONE_WAY_CUT,
          Fault.PARTIAL_CUT,
          Fault.SWIZZLE,
          Fault.BREAK_LINKS,
          Fault.SLOW_LINK,
          Fault.SLOW_DISK,
          Fault.DISK_NEARLY_FULL,
          Fault.CLOCK_JUMP,
          Fault.CLOCK_WRONG);

  /** What lasts long enough for strikes one after the other. */
  private static final Set<Phase> LONG =
      EnumSet.of(Phase.ELECTION, Phase.RECOVERY, Phase.MEMBERSHIP, Phase.SNAPSHOT_INSTALL);

  private static final long MOST_GAP = 20 * VirtualTime.MILLI;

  private static final int MOST_GENTLE = 6;

  private static final int MOST_HARSH = 3;

  /** How often an assault looks whether the cluster works or the last one is over. */
  private static final long LOOK = 10 * VirtualTime.MILLI;

  /** Between two assaults. */
  private static final long MOST_PAUSE = 200 * VirtualTime.MILLI;

  private static final int MOST_LOOKS = 200;

  private final SimulatedCluster cluster;
  private final Chaos chaos;
  private final Aims aims;

  /** Draws phases, kinds and seeds of the injections, and nothing else. */
  private final Random schedule;

  private final @Nullable Phase focus;
  private final List<Fault> gentle = new ArrayList<>();
  private final List<Fault> harsh = new ArrayList<>();

  Storm(SimulatedCluster cluster, Chaos chaos, Random schedule) {
    this.cluster = cluster;
    this.chaos = chaos;
    this.schedule = schedule;
    this.focus = cluster.scenario().focus();
    this.aims = new Aims(cluster, chaos::strike);
  }

  /** With faults of these kinds, at least one. */
  void start(List<Fault> kinds) {
    kinds.forEach(fault -> (isGentle(fault) ? gentle : harsh).add(fault));
    cluster.afterTurns(process -> aims.turnEnded(process.machine()));
    chaos.later(VirtualTime.SECOND, this::plan);
  }

  private void plan() {
    Random random = new Random(schedule.nextLong());
    Phase phase = phase(random);
    // What goes on anyway need not be brought about; but then no two disks would ever be lost.
    boolean eager = random.nextInt(3) != 0;
    boolean impatient = random.nextInt(8) == 0;
    if (random.nextInt(4) != 0) {
      chaos.mend();
    }
    begin(phase, random, eager, impatient ? 0 : MOST_LOOKS);
  }

  private void begin(Phase phase, Random random, boolean eager, int looks) {
    boolean there = Phase.of(cluster.machines()).contains(phase);
    if (looks > 0 && !(there && eager) && !cluster.allReady()) {
      chaos.later(LOOK, () -> begin(phase, random, eager, looks - 1));
      return;
    }
    aims.spread(LONG.contains(phase) && random.nextBoolean() ? random.nextLong(MOST_GAP) : 0);
    boolean any = false;
    for (Fault fault : faults(random)) {
      int number = chaos.nextNumber();
      Random ofThisInjection = new Random(random.nextLong());
      if (!chaos.isLeftOut(number)) {
        any = true;
        aims.add(phase, number, fault, ofThisInjection);
      }
    }
    if (any && !there) {
      SimulatedMachine near = cluster.machines().get(random.nextInt(cluster.machines().size()));
      chaos.bringAbout(phase, near, random);
    }
    long pause = random.nextLong(MOST_PAUSE);
    chaos.later(LOOK, () -> end(pause));
  }

  private void end(long pause) {
    if (aims.isEmpty()) {
      chaos.later(pause, this::plan);
    } else {
      chaos.later(LOOK, () -> end(pause));
    }
  }

  private Phase phase(Random random) {
    if (focus != null && random.nextInt(8) != 0) {
      return focus;
    }
    int left = random.nextInt(WEIGHTS.values().stream().mapToInt(Integer::intValue).sum());
    for (Map.Entry<Phase, Integer> each : WEIGHTS.entrySet()) {
      left -= each.getValue();
      if (left < 0) {
        return each.getKey();
      }
    }
    throw new AssertionError();
  }

  /** Several gentle ones and a few harsh ones, in the order in which they should strike. */
  private List<Fault> faults(Random random) {
    List<Fault> chosen = new ArrayList<>();
    int count = 1 + random.nextInt(MOST_GENTLE);
    for (int i = 0; i < count && !gentle.isEmpty(); i++) {
      Fault fault = gentle.get(random.nextInt(gentle.size()));
      if (!chosen.contains(fault)) {
        chosen.add(fault);
      }
    }
    // What stands still does not come to an end either.
    if (!harsh.isEmpty() && random.nextInt(4) != 0) {
      chosen.remove(Fault.PAUSE);
    }
    for (int i = 1 + random.nextInt(MOST_HARSH); i > 0 && !harsh.isEmpty(); i--) {
      chosen.add(harsh.get(random.nextInt(harsh.size())));
    }
    chosen.sort(Comparator.comparing(fault -> !isGentle(fault)));
    return chosen;
  }

  /** What it can aim at. */
  static Set<Phase> foci() {
    return WEIGHTS.keySet();
  }

  static boolean isGentle(Fault fault) {
    return fault.isStory() || GENTLE.contains(fault);
  }
}
