package io.shardwell.jepsen.simulation;

import io.shardwell.jepsen.checker.History;
import io.shardwell.jepsen.checker.HistoryReport;
import io.shardwell.jepsen.checker.LinearizabilityChecker;
import io.shardwell.jepsen.checker.Timeline;
import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.EngineConfig;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.raftgroup.cluster.MetaState;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import io.shardwell.statemachine.Reply;
import io.shardwell.storage.StorageLimits;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * N machines with the real engine and storage, their network, their clients, and what must hold. A
 * violation ends the run with a {@link SimulationFailure}.
 */
final class SimulatedCluster
    implements SimulatedMachine.Surroundings, SimulatedClient.Cluster, AutoCloseable {
  /** What is counted among the replies, besides, where a guarded EXEC was not refused. */
  static final String GUARDED_DONE = "guarded EXEC done";

  private final Scenario scenario;
  private final Random random;
  private final VirtualTime time = new VirtualTime();
  private final SimulatedNetwork network;
  private final List<SimulatedMachine> machines = new ArrayList<>();
  private final Invariants invariants = new Invariants();
  private final LogMatching logMatching = new LogMatching();
  private final StoredVotes votes = new StoredVotes();
  private final ReadFreshness freshness =
      new ReadFreshness(what -> violation(Check.INVARIANT, what, null));
  private final Availability availability;
  private final History history = new History();
  private final List<Timeline.Mark> marks = new ArrayList<>();
  private final Map<String, Integer> replies = new TreeMap<>();
  private int connections;
  private final CountTable<Crash.Step, Crash.UnderWay> crashes =
      new CountTable<>(Crash.Step.class, Crash.UnderWay.class);
  private int injections;
  private boolean healed;
  private Consumer<SimulatedProcess> turnListener = process -> {};
  private @Nullable SimulationFailure failure;
  private final Map<String, String> lastRoles = new TreeMap<>();

  /** Told everything worth telling, for reading a failure; null: nobody listens. */
  private final @Nullable Consumer<String> story;

  SimulatedCluster(Scenario scenario) {
    this(scenario, null);
  }

  /** As above, and tells its story line by line. */
  SimulatedCluster(Scenario scenario, @Nullable Consumer<String> story) {
    this.scenario = scenario;
    this.story = story;
    this.random = new Random(scenario.seed());
    this.availability = new Availability(this);
    this.network = new SimulatedNetwork(time, new Random(random.nextLong()), this::tell);
    Map<String, PeerAddress> addresses = new TreeMap<>();
    for (int i = 1; i <= scenario.nodes(); i++) {
      addresses.put("n" + i, new PeerAddress("n" + i, 16379));
    }
    for (String id : addresses.keySet()) {
      // Of its own, so that no other draw hangs on what the clocks are like.
      Random ofClock = new Random(scenario.seed() * 127 + id.hashCode());
      machines.add(
          new SimulatedMachine(
              this,
              config(id, addresses),
              new SimulatedEventLoop.MachineClock(ofClock),
              nextRandom()));
    }
    ErrorLog.divert(this::libraryError, story == null ? null : (l, m) -> tell(l + ": " + m));
  }

  private EngineConfig config(String id, Map<String, PeerAddress> addresses) {
    return new EngineConfig(
        id,
        new TreeMap<>(addresses),
        new ClientAddress(id, 6379, 6600, 8379, 7379),
        scenario.shards(),
        scenario.replicas(),
        random.nextLong(),
        Tuning.DEFAULT.but(this::makeSmall));
  }

  /** So that little data has what much has: snapshots of several chunks, and all in many steps. */
  private void makeSmall(Tuning.Changes tuning) {
    long seed = scenario.seed();
    int commitCount = scenario.commitCountToTakeSnapshot();
    tuning.snapshotLogBytes = scenario.snapshotLogBytes();
    tuning.recentEntryBytes = scenario.snapshotLogBytes() / 2 + 1;
    tuning.commitCountToTakeSnapshot = commitCount;
    tuning.maxPendingEntries = Math.min(10_000, commitCount);
    tuning.snapshotSliceRecords = 1 << Math.floorMod(seed, 7L);
    tuning.snapshotChunkBytes =
        Math.max(100 << Math.floorMod(seed, 5L), Tuning.leastChunkBytes(commitCount));
    tuning.replacedStateBytes = 1L << Math.floorMod(seed, 13L);
    tuning.digestStride = 1 << Math.floorMod(seed, 6L);
    tuning.minFreeBytes = SimulatedMachine.MIN_FREE_BYTES;
    tuning.applySliceEntries = 1 << Math.floorMod(seed, 8L);
  }

  /** One line of the story, if anybody listens. */
  void tell(String line) {
    Consumer<String> listener = story;
    if (listener != null) {
      listener.accept(String.format(Locale.ROOT, "%12.6f ms  %s", time.now() / 1e6, line));
    }
  }

  /** As {@link #tell}, and a mark in the timeline, should there be one. */
  void mark(String line) {
    marks.add(new Timeline.Mark(time.now(), line));
    tell(line);
  }

  private void tellRoles(NodeStatus status) {
    for (NodeStatus.ReplicaStatus r : status.replicas()) {
      String role =
          r.role()
              + " of term "
              + r.term()
              + ", leader "
              + r.leaderId()
              + ", snapshot "
              + r.snapshotIndex();
      String where = status.nodeId() + " shard " + r.shard();
      if (!role.equals(lastRoles.put(where, role))) {
        tell(where + ": " + role + ", committed " + r.commitIndex() + " of " + r.lastLogIndex());
      }
    }
  }

  /** For whatever part of the run needs randomness of its own. */
  Random nextRandom() {
    return new Random(random.nextLong());
  }

  Scenario scenario() {
    return scenario;
  }

  History history() {
    return history;
  }

  @Override
  public VirtualTime time() {
    return time;
  }

  @Override
  public SimulatedNetwork network() {
    return network;
  }

  @Override
  public List<SimulatedMachine> machines() {
    return machines;
  }

  @Override
  public StorageLimits storageLimits() {
    return new StorageLimits(
        scenario.segmentBytes(), Math.min(scenario.segmentBytes() / 4, 64 << 10));
  }

  @Override
  public int nextConnection() {
    return ++connections;
  }

  @Override
  public void replied(Request request, Reply reply) {
    String kind =
        reply instanceof Reply.Failure failed ? failed.text().split(" ", 2)[0] : "answered";
    replies.merge(kind, 1, Integer::sum);
    if (request.shape() == Request.Shape.GUARDED && reply instanceof Reply.Array) {
      replies.merge(GUARDED_DONE, 1, Integer::sum);
    }
    if (story != null && reply instanceof Reply.Failure failed) {
      tell(request.invocation() + " -> " + failed.text());
    }
  }

  Map<String, Integer> replies() {
    return replies;
  }

  /** Processes that were killed, lost power or halted, by where they stood. */
  CountTable<Crash.Step, Crash.UnderWay> crashes() {
    return crashes;
  }

  /** The longest time for which a majority lacked nothing but a leader. */
  long longestWithoutLeader() {
    return availability.longest();
  }

  /** How often a node was met with another sum of its replicas' memory limits. */
  long limitsTaken() {
    return invariants.limitsTaken();
  }

  int termsWithLeader() {
    return invariants.termsWithLeader();
  }

  @Override
  public void violation(Check check, String what, @Nullable Throwable cause) {
    if (failure == null) {
      failure = failure(check, what, cause);
    }
  }

  /** A broken promise, as of now. */
  SimulationFailure failure(Check check, String what, @Nullable Throwable cause) {
    return new SimulationFailure(scenario, check, time.now(), injections, what, cause);
  }

  /** A fault came up. */
  void injection(int number) {
    injections = number;
  }

  private void libraryError(String what, @Nullable Throwable cause) {
    for (SimulatedMachine machine : machines) {
      SimulatedProcess process = machine.process();
      if (process != null && process.loop().inLoop()) {
        if (process.isAlive() && !(cause instanceof SimulatedEventLoop.ProcessDeath)) {
          violation(
              Check.ASSERTION, machine.id() + " logged an error: " + what + " " + cause, cause);
        }
        return;
      }
    }
  }

  @Override
  public void turnEnded(SimulatedProcess process) {
    Engine engine = process.engine();
    if (engine != null) {
      NodeStatus status = engine.status();
      if (story != null) {
        tellRoles(status);
      }
      String broken = invariants.check(process, status);
      if (broken == null) {
        broken = logMatching.check(engine, machines);
      }
      if (broken == null) {
        broken = votes.check(engine, process.syncedPosition());
      }
      if (broken == null) {
        broken = Candidates.check(engine);
      }
      if (scenario.replicas() > 1) {
        // A single voter counts entries as committed that it has not synced: they may be lost.
        freshness.turnEnded(engine, status);
      }
      if (broken != null) {
        violation(Check.INVARIANT, broken, null);
      }
      availability.turnEnded(process.machine());
    }
    turnListener.accept(process);
  }

  /** Tells of the end of every turn from now on. */
  void afterTurns(Consumer<SimulatedProcess> listener) {
    turnListener = listener;
  }

  @Override
  public void crashing(SimulatedProcess process) {
    crashes.add(process.step(), process.underWay());
  }

  @Override
  public void processEnded(SimulatedMachine machine) {
    mark(machine.id() + " crashed");
    if (healed) {
      // A stop that was under way when everything was mended.
      time.after(100 * VirtualTime.MILLI, machine::start);
    }
  }

  void startAll() {
    machines.forEach(SimulatedMachine::start);
  }

  /** Lets so much time pass. */
  void run(long nanos) {
    boolean unused = runUntil(() -> false, nanos);
  }

  /** Whether the condition came true within so much time; looked at now and then. */
  boolean runUntil(BooleanSupplier condition, long nanos) {
    long end = time.now() + nanos;
    long nextLook = time.now();
    while (time.now() < end) {
      if (time.now() >= nextLook) {
        if (condition.getAsBoolean()) {
          return true;
        }
        nextLook = time.now() + 10 * VirtualTime.MILLI;
        String broken = availability.check();
        if (broken != null) {
          throw failure(Check.LIVENESS, broken, null);
        }
      }
      if (!time.step()) {
        throw new IllegalStateException("nothing left to happen");
      }
      if (failure != null) {
        throw failure;
      }
    }
    return condition.getAsBoolean();
  }

  boolean allReady() {
    return machines.stream().allMatch(SimulatedCluster::isReady);
  }

  private static boolean isReady(SimulatedMachine machine) {
    Engine engine = machine.engine();
    return engine != null && engine.isReady();
  }

  /** Whether each group is led by somebody who knows all the nodes of now as its voters. */
  boolean hasAllVoters() {
    return isLedBy(this::hasAllVoters);
  }

  /** Whether each group has a leader of that kind. */
  private boolean isLedBy(Predicate<Replica> kind) {
    Set<Integer> complete = new HashSet<>();
    for (SimulatedMachine machine : machines) {
      Engine engine = machine.engine();
      if (engine == null) {
        continue;
      }
      for (Object each : LogMatching.replicas(engine)) {
        Replica replica = (Replica) each;
        if (replica.isEstablishedLeader() && kind.test(replica)) {
          complete.add(replica.group());
        }
      }
    }
    return complete.size() == scenario.shards() + 1;
  }

  /**
   * Whether every group bears the loss of one disk more. One of three voters may be lost if all are
   * there. Of five, two may be: what is acknowledged is held by a majority of those that voted
   * then, so by one at least of the majority that is left, which needs every one of them to elect
   * somebody. A leader that has been deposed unnoticed knows no more voters of now than its
   * successor. And a change of members that is not committed may go with the disk: the voter that
   * it makes is none to those that are left.
   */
  boolean bearsALostDisk() {
    return scenario.replicas() < 5
        ? scenario.replicas() >= 3 && hasAllVoters()
        : isLedBy(this::hasOneToSpare);
  }

  private boolean hasOneToSpare(Replica leader) {
    long ofNow =
        leader.voters().stream().map(ReplicaEndpoint.class::cast).filter(this::isCurrent).count();
    return !leader.isChangingMembers() && ofNow - 1 > wantedVoters(leader) / 2;
  }

  private int wantedVoters(Replica leader) {
    return leader.group() == MetaState.GROUP
        ? Math.min(machines.size(), MetaState.MAX_VOTERS)
        : scenario.replicas();
  }

  private boolean hasAllVoters(Replica leader) {
    int wanted = wantedVoters(leader);
    return !leader.isChangingMembers()
        && leader.voters().size() == wanted
        && leader.members().size() == wanted
        && leader.voters().stream().map(ReplicaEndpoint.class::cast).allMatch(this::isCurrent);
  }

  private boolean isCurrent(ReplicaEndpoint voter) {
    for (SimulatedMachine machine : machines) {
      if (machine.id().equals(voter.nodeId())) {
        return machine.incarnation() == voter.incarnation();
      }
    }
    return false;
  }

  /** From now on everything works again: wires, disks, clocks, processes. */
  void heal() {
    healed = true;
    network.heal();
    for (SimulatedMachine machine : machines) {
      machine.healDisk();
      machine.clock().putRight();
      SimulatedProcess process = machine.process();
      if (process == null || !process.isAlive()) {
        machine.start();
      } else {
        process.killAfter(0, false);
        process.loop().resume();
      }
    }
  }

  /** Replicas of one group that stand at the same place with the same content. */
  boolean replicasAgree() {
    Map<Integer, String> places = new TreeMap<>();
    for (SimulatedMachine machine : machines) {
      if (!isReady(machine)) {
        return false;
      }
      Engine engine =
          java.util.Objects.requireNonNull(
              java.util.Objects.requireNonNull(machine.process()).engine());
      for (NodeStatus.ReplicaStatus replica : engine.status().replicas()) {
        String place = replica.appliedIndex() + "/" + replica.digest();
        String other = places.putIfAbsent(replica.shard(), place);
        if (other != null && !other.equals(place)) {
          return false;
        }
      }
    }
    return true;
  }

  /** For messages: what every node thinks. */
  String describe() {
    StringBuilder text = new StringBuilder();
    for (SimulatedMachine machine : machines) {
      Engine engine = machine.engine();
      text.append("\n  ").append(machine.id()).append(": ");
      if (engine == null) {
        text.append("down");
        continue;
      }
      NodeStatus status = engine.status();
      text.append(status.ready() ? "ready" : status.notReadyReason());
      for (NodeStatus.ReplicaStatus replica : status.replicas()) {
        text.append("\n    ").append(replica);
      }
    }
    return text.toString();
  }

  /** Fails unless every answer so far can be explained. */
  HistoryReport checkHistory() {
    LinearizabilityChecker checker =
        new LinearizabilityChecker(
            Deadlines.of(scenario), scenario.order(), LinearizabilityChecker.DEFAULT_MAX_STEPS);
    HistoryReport report = HistoryReport.of(history, checker);
    if (!report.violations().isEmpty()) {
      throw failure(Check.HISTORY, String.join("\n", report.violations()), null)
          .withTimeline(report.timeline(marks));
    }
    return report;
  }

  @Override
  public void close() {
    ErrorLog.divert(null, null);
  }
}
