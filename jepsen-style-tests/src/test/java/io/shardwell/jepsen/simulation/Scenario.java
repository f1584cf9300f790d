package io.shardwell.jepsen.simulation;

import io.shardwell.jepsen.checker.ConnectionOrder;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/**
 * What one run is like. Everything that is not given is drawn from the seed, sizes and limits too,
 * so that rare combinations come up by themselves.
 */
record Scenario(
    long seed,
    int nodes,
    int shards,
    int replicas,
    int clients,
    int pipelining,
    int keysOfEachKind,
    int seconds,
    int segmentBytes,
    long snapshotLogBytes,
    int commitCountToTakeSnapshot,
    Set<Fault> faults,
    Set<Integer> leftOut,
    ConnectionOrder order) {

  /** What the build holds the store to: everything a connection does to a shard is in order. */
  static final ConnectionOrder BUILD_ORDER =
      ConnectionOrder.valueOf(System.getProperty("order", ConnectionOrder.ALL.name()));

  Scenario {
    faults = Collections.unmodifiableSet(new TreeSet<>(faults));
    leftOut = Collections.unmodifiableSet(new TreeSet<>(leftOut));
  }

  /** Drawn from the seed, with all faults or some of them. */
  static Scenario drawn(long seed) {
    Random random = new Random(seed * 31 + 7);
    Set<Fault> faults = EnumSet.allOf(Fault.class);
    if (random.nextBoolean()) {
      // Few kinds at a time find what the noise of all kinds hides.
      faults.removeIf(f -> random.nextInt(3) != 0);
    }
    return new Scenario(
        seed,
        random.nextInt(4) == 0 ? 5 : 3,
        1 + random.nextInt(3),
        3,
        2 + random.nextInt(6),
        1 + random.nextInt(8),
        1 + random.nextInt(3),
        10 + random.nextInt(20),
        1 << (11 + random.nextInt(8)),
        random.nextBoolean() ? 64L << 20 : 2_000 + random.nextInt(60_000),
        random.nextInt(3) == 0 ? 50 + random.nextInt(500) : 1 << 18,
        faults,
        Set.of(),
        BUILD_ORDER);
  }

  /** Nothing goes wrong in it. */
  Scenario calm() {
    return withFaults(EnumSet.noneOf(Fault.class));
  }

  Scenario withFaults(Set<Fault> newFaults) {
    return with(nodes, shards, clients, seconds, newFaults, leftOut, order);
  }

  /** Without the injections of these numbers, as the story counts them. */
  Scenario leavingOut(Set<Integer> numbers) {
    return with(nodes, shards, clients, seconds, faults, numbers, order);
  }

  Scenario withNodes(int newNodes) {
    return with(newNodes, shards, clients, seconds, faults, leftOut, order);
  }

  Scenario withShards(int newShards) {
    return with(nodes, newShards, clients, seconds, faults, leftOut, order);
  }

  Scenario withClients(int newClients) {
    return with(nodes, shards, newClients, seconds, faults, leftOut, order);
  }

  Scenario withSeconds(int newSeconds) {
    return with(nodes, shards, clients, newSeconds, faults, leftOut, order);
  }

  /** Judges the order within connections by another measure. */
  Scenario withOrder(ConnectionOrder newOrder) {
    return with(nodes, shards, clients, seconds, faults, leftOut, newOrder);
  }

  private Scenario with(
      int newNodes,
      int newShards,
      int newClients,
      int newSeconds,
      Set<Fault> newFaults,
      Set<Integer> newLeftOut,
      ConnectionOrder newOrder) {
    return new Scenario(
        seed,
        newNodes,
        newShards,
        replicas,
        newClients,
        pipelining,
        keysOfEachKind,
        newSeconds,
        segmentBytes,
        snapshotLogBytes,
        commitCountToTakeSnapshot,
        newFaults,
        newLeftOut,
        newOrder);
  }

  /** The command that runs this scenario again. */
  String replayLine() {
    Scenario drawn = drawn(seed);
    StringBuilder line = new StringBuilder("bin/shardwell simulate --seed " + seed);
    if (nodes != drawn.nodes) {
      line.append(" --nodes ").append(nodes);
    }
    if (shards != drawn.shards) {
      line.append(" --shards ").append(shards);
    }
    if (clients != drawn.clients) {
      line.append(" --clients ").append(clients);
    }
    if (seconds != drawn.seconds) {
      line.append(" --seconds ").append(seconds);
    }
    if (!faults.equals(drawn.faults)) {
      line.append(" --faults ")
          .append(
              faults.isEmpty()
                  ? "none"
                  : String.join(
                      ",", faults.stream().sorted().map(SimulateCommand::optionName).toList()));
    }
    if (!leftOut.isEmpty()) {
      line.append(" --without ")
          .append(String.join(",", leftOut.stream().map(String::valueOf).toList()));
    }
    return line.toString();
  }
}
