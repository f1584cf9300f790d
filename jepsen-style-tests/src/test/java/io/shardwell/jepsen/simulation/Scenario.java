package io.shardwell.jepsen.simulation;

import io.shardwell.jepsen.checker.ConnectionOrder;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What one run is like. Everything that is not given is drawn from the seed, sizes and limits too,
 * so that rare combinations come up by themselves.
 */
public record Scenario(
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
    ConnectionOrder order,
    boolean steered,
    boolean storm,
    @Nullable Phase focus) {

  /** What the build holds the store to: everything a connection does to a shard is in order. */
  static final ConnectionOrder BUILD_ORDER =
      ConnectionOrder.valueOf(System.getProperty("order", ConnectionOrder.ALL.name()));

  /** One seed in eight. */
  private static final long MEMORY_SEEDS = 5;

  /** One seed in four: all others can be held to the minute, or less, in which a key must go. */
  private static final long WRONG_CLOCK_SEEDS = 2;

  /** Keeps copies of its sets. */
  public Scenario {
    faults = Collections.unmodifiableSet(new TreeSet<>(faults));
    leftOut = Collections.unmodifiableSet(new TreeSet<>(leftOut));
  }

  /** Drawn from the seed, with all faults of one step or some of them. */
  public static Scenario drawn(long seed) {
    Random random = new Random(seed * 31 + 7);
    Set<Fault> faults = Fault.single();
    faults.remove(Fault.CLOCK_WRONG);
    if (random.nextBoolean()) {
      // Few kinds at a time find what the noise of all kinds hides.
      faults.removeIf(f -> random.nextInt(3) != 0);
    }
    if (Math.floorMod(seed, 4L) == WRONG_CLOCK_SEEDS) {
      faults.add(Fault.CLOCK_WRONG);
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
        BUILD_ORDER,
        false,
        false,
        null);
  }

  /** Whether its clients send transactions too. */
  boolean hasTransactions() {
    return Math.floorMod(seed, 4L) == 0;
  }

  /** Whether its clients send commands on the whole keyspace too, and conditional deletes. */
  boolean hasKeyspaceCommands() {
    return Math.floorMod(seed, 8L) == 3;
  }

  /** Whether the memory budget is changed while it runs; none of these has transactions. */
  public boolean changesMemory() {
    return Math.floorMod(seed, 8L) == MEMORY_SEEDS;
  }

  /** A drawn one in which the memory budget is changed; another for each seed. */
  public static Scenario drawnWithMemoryChanges(long seed) {
    return drawn(seed * 8 + MEMORY_SEEDS);
  }

  /** Nothing goes wrong in it. */
  Scenario calm() {
    return withFaults(EnumSet.noneOf(Fault.class));
  }

  /** Only these kinds of faults. */
  public Scenario withFaults(Set<Fault> newFaults) {
    return with(nodes, shards, replicas, clients, seconds, newFaults, leftOut, order);
  }

  /** Without the injections of these numbers, as the story counts them. */
  Scenario leavingOut(Set<Integer> numbers) {
    return with(nodes, shards, replicas, clients, seconds, faults, numbers, order);
  }

  /** On so many machines. */
  public Scenario withNodes(int newNodes) {
    return with(newNodes, shards, replicas, clients, seconds, faults, leftOut, order);
  }

  /** So many replicas of each shard, on as many nodes at least. */
  public Scenario withReplicas(int newReplicas) {
    return with(
        Math.max(nodes, newReplicas),
        shards,
        newReplicas,
        clients,
        seconds,
        faults,
        leftOut,
        order);
  }

  /** So many shards. */
  public Scenario withShards(int newShards) {
    return with(nodes, newShards, replicas, clients, seconds, faults, leftOut, order);
  }

  /** So many clients. */
  public Scenario withClients(int newClients) {
    return with(nodes, shards, replicas, newClients, seconds, faults, leftOut, order);
  }

  /** So many seconds of load and faults. */
  public Scenario withSeconds(int newSeconds) {
    return with(nodes, shards, replicas, clients, newSeconds, faults, leftOut, order);
  }

  /**
   * Takes a snapshot whenever there is so much log behind the last one, and keeps a tenth of so
   * many entries for followers that are behind.
   */
  public Scenario withSnapshots(long newSnapshotLogBytes, int newCommitCount) {
    return with(newSnapshotLogBytes, newCommitCount, steered, storm, focus);
  }

  /** Half of its injections wait for a rare phase ({@link Phase}) before they strike. */
  public Scenario withSteering() {
    return with(snapshotLogBytes, commitCountToTakeSnapshot, true, storm, focus);
  }

  /**
   * Its faults come ten times as often as otherwise, each of them in a rare phase that is brought
   * about for it if need be.
   */
  public Scenario withStorm() {
    return with(snapshotLogBytes, commitCountToTakeSnapshot, steered, true, focus);
  }

  /** A storm that aims at this phase, most of the time. */
  Scenario withStormOn(Phase newFocus) {
    return with(snapshotLogBytes, commitCountToTakeSnapshot, steered, true, newFocus);
  }

  private Scenario with(
      long newSnapshotLogBytes,
      int newCommitCount,
      boolean newSteered,
      boolean newStorm,
      @Nullable Phase newFocus) {
    return new Scenario(
        seed,
        nodes,
        shards,
        replicas,
        clients,
        pipelining,
        keysOfEachKind,
        seconds,
        segmentBytes,
        newSnapshotLogBytes,
        newCommitCount,
        faults,
        leftOut,
        order,
        newSteered,
        newStorm,
        newFocus);
  }

  /** Judges the order within connections by another measure. */
  Scenario withOrder(ConnectionOrder newOrder) {
    return with(nodes, shards, replicas, clients, seconds, faults, leftOut, newOrder);
  }

  private Scenario with(
      int newNodes,
      int newShards,
      int newReplicas,
      int newClients,
      int newSeconds,
      Set<Fault> newFaults,
      Set<Integer> newLeftOut,
      ConnectionOrder newOrder) {
    return new Scenario(
        seed,
        newNodes,
        newShards,
        newReplicas,
        newClients,
        pipelining,
        keysOfEachKind,
        newSeconds,
        segmentBytes,
        snapshotLogBytes,
        commitCountToTakeSnapshot,
        newFaults,
        newLeftOut,
        newOrder,
        steered,
        storm,
        focus);
  }

  /** The command that runs this scenario again. */
  String replayLine() {
    Scenario drawn = drawn(seed);
    StringBuilder line = new StringBuilder("bin/shardwell simulate --seed " + seed);
    if (nodes != drawn.nodes) {
      line.append(" --nodes ").append(nodes);
    }
    if (replicas != drawn.replicas) {
      line.append(" --replicas ").append(replicas);
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
    if (snapshotLogBytes != drawn.snapshotLogBytes
        || commitCountToTakeSnapshot != drawn.commitCountToTakeSnapshot) {
      line.append(" --snapshots ")
          .append(snapshotLogBytes)
          .append(',')
          .append(commitCountToTakeSnapshot);
    }
    if (storm || !faults.equals(drawn.faults)) {
      line.append(" --faults ")
          .append(
              faults.isEmpty()
                  ? "none"
                  : String.join(
                      ",", faults.stream().sorted().map(SimulateCommand::optionName).toList()));
    }
    if (steered) {
      line.append(" --steer");
    }
    if (storm) {
      line.append(" --storm");
    }
    if (focus != null) {
      line.append(" --storm-focus ").append(CountTable.nameOf(focus.name()));
    }
    if (!leftOut.isEmpty()) {
      line.append(" --without ")
          .append(String.join(",", leftOut.stream().map(String::valueOf).toList()));
    }
    return line.toString();
  }
}
