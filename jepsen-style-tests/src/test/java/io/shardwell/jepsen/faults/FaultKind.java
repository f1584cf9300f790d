package io.shardwell.jepsen.faults;

import java.util.Locale;

/** All faults: what each does, what it needs of the machine, how long it lasts. */
enum FaultKind {
  KILL_ONE("SIGKILL for one node", Need.NOTHING, 2_500),
  KILL_MAJORITY("SIGKILL for a majority", Need.NOTHING, 1_500),
  KILL_ALL("SIGKILL for all nodes", Need.NOTHING, 500),
  POWER_CUT(
      "SIGKILL for one node, and what it had not synced is lost or torn", Need.INTERPOSER, 1_500),
  POWER_CUT_ALL("the same for all nodes at once", Need.INTERPOSER, 200),
  ROLLING_RESTART("SIGTERM and start, one node after the other", Need.NOTHING, 0),
  PAUSE("SIGSTOP for one node", Need.NOTHING, 3_000),
  PAUSE_MAJORITY("SIGSTOP for a majority", Need.NOTHING, 2_500),
  HALVES("a minority cut off from the rest", Need.NAMESPACES, 3_500),
  MAJORITY_RING(
      "of five nodes, each sees a majority, and each another one", Need.FIVE_NODES, 3_500),
  BRIDGE("two sides that only one node sees both of", Need.NAMESPACES, 3_500),
  ONE_WAY("one node is heard by nobody, or hears nobody", Need.NAMESPACES, 3_500),
  CLIENT_CUT("a node's clients, or a single connection, cut off from it", Need.NAMESPACES, 2_500),
  LOSS("every node loses 2 to 25 % of all packets", Need.NAMESPACES, 4_000),
  DELAY("links broken, then relayed 5 to 150 ms late", Need.NAMESPACES, 4_000),
  SLOW_DISK("each sync of a node takes 20 to 500 ms", Need.INTERPOSER, 3_500),
  STALLED_DISK("one sync of a node takes 4 s", Need.INTERPOSER, 2_000),
  FAILING_DISK("EIO for a node's writes or syncs: it must give up", Need.INTERPOSER, 1_000),
  FULL_DISK("no space left for node 1, nearly or at all", Need.SMALL_DISK, 3_500),
  CLOCK_JUMP("a node's wall clock jumps by 50 ms to an hour, and back", Need.INTERPOSER, 3_500);

  /** What a kind cannot do without. */
  enum Need {
    NOTHING,
    NAMESPACES,
    FIVE_NODES,
    INTERPOSER,
    SMALL_DISK
  }

  private final String text;
  private final Need need;
  private final int millis;

  FaultKind(String text, Need need, int millis) {
    this.text = text;
    this.need = need;
    this.millis = millis;
  }

  /** What it does, for people. */
  String text() {
    return text;
  }

  /** How long it is left to work, about. */
  int millis() {
    return millis;
  }

  /** Whether it can be done there. */
  boolean isPossible(Site site) {
    return switch (need) {
      case NOTHING -> true;
      case NAMESPACES -> site.namespaces() != null;
      case FIVE_NODES -> site.namespaces() != null && site.nodes() == 5;
      case INTERPOSER -> site.hasInterposers();
      case SMALL_DISK -> site.smallDisk() != null;
    };
  }

  Fault at(Site site) {
    return switch (this) {
      case KILL_ONE -> new Kill(site, Kill.Whom.ONE);
      case KILL_MAJORITY -> new Kill(site, Kill.Whom.MAJORITY);
      case KILL_ALL -> new Kill(site, Kill.Whom.ALL);
      case POWER_CUT -> new PowerCut(site, Kill.Whom.ONE);
      case POWER_CUT_ALL -> new PowerCut(site, Kill.Whom.ALL);
      case ROLLING_RESTART -> new RollingRestart(site);
      case PAUSE -> new Pause(site, false);
      case PAUSE_MAJORITY -> new Pause(site, true);
      case HALVES -> new Cut(site, Cut.Shape.HALVES);
      case MAJORITY_RING -> new Cut(site, Cut.Shape.RING);
      case BRIDGE -> new Cut(site, Cut.Shape.BRIDGE);
      case ONE_WAY -> new Cut(site, Cut.Shape.ONE_WAY);
      case CLIENT_CUT -> new ClientCut(site);
      case LOSS -> new Loss(site);
      case DELAY -> new Delay(site);
      case SLOW_DISK -> new SlowDisk(site);
      case STALLED_DISK -> new StalledDisk(site);
      case FAILING_DISK -> new FailingDisk(site);
      case FULL_DISK -> new FullDisk(site);
      case CLOCK_JUMP -> new ClockJump(site);
    };
  }

  /** Takes processes away and starts them again; goes with one of the others at the same time. */
  boolean endsProcesses() {
    return switch (this) {
      case KILL_ONE, KILL_MAJORITY, KILL_ALL, POWER_CUT, POWER_CUT_ALL, ROLLING_RESTART -> true;
      default -> false;
    };
  }

  /** Goes together with an end of processes: it neither starts nor ends any. */
  boolean goesWithEnds() {
    return switch (this) {
      case HALVES, BRIDGE, ONE_WAY, LOSS, DELAY, SLOW_DISK -> true;
      default -> false;
    };
  }

  /** As in tables and on the command line. */
  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
