package io.shardwell.jepsen.planted;

import io.shardwell.jepsen.simulation.Fault;
import io.shardwell.jepsen.simulation.Scenario;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * A bug that somebody could have made, and how to make it for a while.
 *
 * @param name one word for reports
 * @param does what is wrong, in one sentence
 * @param rule where the opposite is demanded: a section of the design, a fault of MicroRaft's (B1
 *     to B17), or a decision record
 * @param aim scenarios that suit it; {@code as drawn} if all do
 * @param aimAt makes such a scenario of a drawn one
 * @param sites the methods it changes
 * @param budget seeds within which it must be caught, several times what it takes today
 * @param quick whether it is caught so soon that every build hunts it
 */
record PlantedBug(
    String name,
    String does,
    String rule,
    String aim,
    UnaryOperator<Scenario> aimAt,
    List<Site> sites,
    int budget,
    boolean quick) {

  /** Simulated; a bug that needs longer runs rather needs a better aim. */
  private static final int SECONDS = 12;

  private static final int DEFAULT_BUDGET = 60;
  private static final int SNAPSHOT_LOG_BYTES = 5_000;
  private static final int COMMIT_COUNT = 100;

  /** A tenth of so many entries is kept before a snapshot. */
  private static final int LONG_TAIL_COMMIT_COUNT = 2_000;

  /** More bytes than a run writes. */
  private static final long ENDLESS_LOG_BYTES = 64L << 20;

  private static final int ON_DEMAND_COMMIT_COUNT = 1_000;

  /** One method, and what becomes of its calls. */
  record Site(String type, String method, Detours.Change change) {}

  static PlantedBug of(String name, String does, String rule) {
    return new PlantedBug(
        name, does, rule, "as drawn", UnaryOperator.identity(), List.of(), DEFAULT_BUDGET, false);
  }

  /** In that method of the class; a part of the bug. */
  PlantedBug in(String type, String method, Detours.Change change) {
    List<Site> more = new ArrayList<>(sites);
    more.add(new Site(type, method, change));
    return new PlantedBug(
        name, does, rule, aim, aimAt, Collections.unmodifiableList(more), budget, quick);
  }

  /** Hunted with these faults only. */
  PlantedBug under(Fault... faults) {
    Set<Fault> only = EnumSet.noneOf(Fault.class);
    only.addAll(Arrays.asList(faults));
    String words =
        String.join(
            ", ",
            only.stream()
                .map(fault -> fault.name().replace('_', ' ').toLowerCase(java.util.Locale.ROOT))
                .toList());
    return aimed(words, scenario -> scenario.withFaults(only));
  }

  /** Hunted for so many simulated seconds of load and faults. */
  PlantedBug lasting(int seconds) {
    return aimed(seconds + " s", scenario -> scenario.withSeconds(seconds));
  }

  /** Hunted on five machines, however many replicas each shard has. */
  PlantedBug onFiveMachines() {
    return aimed("5 machines", scenario -> scenario.withNodes(5));
  }

  /** Hunted where the memory budget is changed, by seeds of which all do so. */
  PlantedBug withMemoryChanges() {
    return aimed(
        "changes of the memory budget",
        scenario ->
            Scenario.drawnWithMemoryChanges(scenario.seed()).withSeconds(scenario.seconds()));
  }

  /** Hunted with so many replicas of each shard. */
  PlantedBug withReplicas(int replicas) {
    return aimed(replicas + " replicas", scenario -> scenario.withReplicas(replicas));
  }

  /** Hunted with so many shards. */
  PlantedBug withShards(int shards) {
    return aimed(shards + " shards", scenario -> scenario.withShards(shards));
  }

  /** Hunted with so many clients. */
  PlantedBug withClients(int clients) {
    return aimed(
        clients == 1 ? "1 client" : clients + " clients",
        scenario -> scenario.withClients(clients));
  }

  /** Hunted where snapshots are taken all the time. */
  PlantedBug withSnapshots() {
    return aimed(
        "snapshots all the time",
        scenario -> scenario.withSnapshots(SNAPSHOT_LOG_BYTES, COMMIT_COUNT));
  }

  /** Hunted where snapshots are taken all the time, and more of the log before them is kept. */
  PlantedBug withSnapshotsAndALongTail() {
    return aimed(
        "snapshots all the time, a long tail kept",
        scenario -> scenario.withSnapshots(SNAPSHOT_LOG_BYTES, LONG_TAIL_COMMIT_COUNT));
  }

  /** Hunted where no snapshot is taken but by a story, and a tail of 100 entries is kept. */
  PlantedBug withSnapshotsOnDemand() {
    return aimed(
        "snapshots by the story only",
        scenario -> scenario.withSnapshots(ENDLESS_LOG_BYTES, ON_DEMAND_COMMIT_COUNT));
  }

  /** Hunted by every build. */
  PlantedBug quickly() {
    return new PlantedBug(name, does, rule, aim, aimAt, sites, budget, true);
  }

  private PlantedBug aimed(String words, UnaryOperator<Scenario> further) {
    String all = aim.equals("as drawn") ? words : aim + "; " + words;
    UnaryOperator<Scenario> first = aimAt;
    return new PlantedBug(
        name,
        does,
        rule,
        all,
        scenario -> further.apply(first.apply(scenario)),
        sites,
        budget,
        quick);
  }

  /** The scenario of a seed to hunt it in. */
  Scenario scenario(long seed) {
    return aimAt.apply(Scenario.drawn(seed).withSeconds(SECONDS));
  }

  Set<String> changedClasses() {
    Set<String> types = new TreeSet<>();
    sites.forEach(site -> types.add(site.type()));
    return types;
  }

  List<Site> sitesIn(String type) {
    return sites.stream().filter(site -> site.type().equals(type)).toList();
  }

  @Override
  public String toString() {
    return name;
  }
}
