package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.jepsen.checker.KeyCommand;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.statemachine.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.jspecify.annotations.Nullable;

/**
 * Shows what full disks do to a cluster, one story each, on many seeds: disks with a capacity, real
 * engines, clients that write large values. A write that fails for want of space would be a fault
 * of the node, which ends the run; so would a log that grows while its node stands aside ({@link
 * Invariants}).
 */
class DiskSpaceProperties {
  private static final long MIN = SimulatedMachine.MIN_FREE_BYTES;
  private static final long PATIENCE = 60 * VirtualTime.SECOND;

  /** Own writes carry a node over the limit; the others go on, and it comes back by itself. */
  @Property(tries = 4, shrinking = ShrinkingMode.OFF, seed = "3")
  void aNodeStandsAsideInTimeAndComesBackByItself(@ForAll long seed) {
    try (Story story = new Story(scenario(seed, 3))) {
      SimulatedMachine full = story.machine(0);
      full.leaveFree(MIN + MIN / 4);
      story.load(16 << 10);
      story.expect("stands aside", () -> standsAside(full));
      assertThat(full.freeBytes()).as("seed %d", seed).isBetween(MIN / 4, MIN);
      long free = full.freeBytes();
      int answered = story.answered();
      story.cluster.run(10 * VirtualTime.SECOND);
      assertThat(story.answered() - answered).as("the others serve, seed %d", seed).isPositive();
      assertThat(full.freeBytes()).as("nothing grows, seed %d", seed).isGreaterThan(free - MIN / 4);
      assertThat(leads(full)).as("seed %d", seed).isZero();
      story.expectAnswerThrough(full, Request.one("forwarded", KeyCommand.set("v")));
      story.expectAnswerThrough(full, Request.one("forwarded", new KeyCommand.Get()));
      full.spaceAgain();
      story.expect("takes part again", story.cluster::allReady);
      story.endsWell();
      assertThat(story.cluster.crashes().total()).as("seed %d", seed).isZero();
    }
  }

  /** Two of three are full: an error that says so, nothing lost, and all is well with space. */
  @Property(tries = 4, shrinking = ShrinkingMode.OFF, seed = "4")
  void withoutAMajorityWritesAreRefusedInWords(@ForAll long seed) {
    try (Story story = new Story(scenario(seed, 3))) {
      story.load(64);
      story.cluster.run(2 * VirtualTime.SECOND);
      for (int i = 0; i < 2; i++) {
        story.machine(i).leaveFree(MIN / 2 + new Random(seed + i).nextLong(MIN / 2));
      }
      story.expect("both stand aside", () -> standsAside(story.machine(0), story.machine(1)));
      story.cluster.run(5 * VirtualTime.SECOND);
      assertThat(story.told)
          .as("seed %d", seed)
          .anyMatch(line -> line.contains("CLUSTERDOWN") && line.contains("on n1, n2"));
      int answered = story.answered();
      story.cluster.run(5 * VirtualTime.SECOND);
      assertThat(story.answered()).as("nobody answers, seed %d", seed).isEqualTo(answered);
      story.machine(0).spaceAgain();
      story.expect("two are enough", () -> story.answered() > answered);
      story.machine(1).spaceAgain();
      story.expect("all take part again", story.cluster::allReady);
      story.endsWell();
      assertThat(story.cluster.crashes().total()).as("seed %d", seed).isZero();
    }
  }

  /** A cluster of one refuses writes, keeps answering reads, and heals. */
  @Property(tries = 4, shrinking = ShrinkingMode.OFF, seed = "5")
  void aLoneNodeGoesOnReading(@ForAll long seed) {
    try (Story story = new Story(scenario(seed, 1))) {
      story.load(64);
      story.cluster.run(2 * VirtualTime.SECOND);
      SimulatedMachine full = story.machine(0);
      full.leaveFree(MIN / 2);
      story.expect("stands aside", () -> standsAside(full));
      story.cluster.run(3 * VirtualTime.SECOND);
      int answered = story.answered();
      story.cluster.run(5 * VirtualTime.SECOND);
      assertThat(story.answered() - answered).as("reads, seed %d", seed).isPositive();
      assertThat(story.told)
          .as("seed %d", seed)
          .anyMatch(line -> line.contains("CLUSTERDOWN") && line.contains("on n1"));
      full.spaceAgain();
      story.expect("takes part again", story.cluster::allReady);
      story.endsWell();
    }
  }

  /** A node that starts with too little space stands aside at once, and writes hardly anything. */
  @Property(tries = 4, shrinking = ShrinkingMode.OFF, seed = "6")
  void aRestartWithoutSpaceStandsAside(@ForAll long seed) {
    try (Story story = new Story(scenario(seed, 3))) {
      story.load(64);
      story.cluster.run(2 * VirtualTime.SECOND);
      SimulatedMachine full = story.machine(0);
      full.crash(new Random(seed).nextBoolean());
      full.leaveFree(MIN / 2);
      story.cluster.run(VirtualTime.SECOND);
      full.start();
      story.expect("stands aside", () -> standsAside(full));
      story.cluster.run(5 * VirtualTime.SECOND);
      assertThat(full.freeBytes()).as("seed %d", seed).isGreaterThan(MIN / 4);
      full.spaceAgain();
      story.expect("takes part again", story.cluster::allReady);
      story.endsWell();
    }
  }

  private Scenario scenario(long seed, int nodes) {
    return new Scenario(
        seed,
        nodes,
        3,
        3,
        4,
        2,
        2,
        0,
        256 << 10,
        64L << 20,
        1 << 18,
        Set.of(),
        Set.of(),
        Scenario.BUILD_ORDER,
        false,
        false,
        null);
  }

  private static boolean standsAside(SimulatedMachine... machines) {
    for (SimulatedMachine machine : machines) {
      NodeStatus status = status(machine);
      if (status == null || !status.disk().standsAside() || status.ready()) {
        return false;
      }
      assertThat(status.notReadyReason()).startsWith("disk: ").contains("below min-free-bytes");
    }
    return true;
  }

  private static long leads(SimulatedMachine machine) {
    NodeStatus status = Objects.requireNonNull(status(machine));
    return status.replicas().stream().filter(Invariants::isLeader).count();
  }

  private static @Nullable NodeStatus status(SimulatedMachine machine) {
    SimulatedProcess process = machine.process();
    return process == null || process.engine() == null ? null : process.engine().status();
  }

  /** A cluster under load, with what was told of it. */
  private static final class Story implements AutoCloseable {
    final List<String> told = new ArrayList<>();
    final SimulatedCluster cluster;
    private final Scenario scenario;
    private final List<SimulatedClient> clients = new ArrayList<>();
    private final Workload workload;

    Story(Scenario scenario) {
      this.scenario = scenario;
      this.cluster = new SimulatedCluster(scenario, told::add);
      this.workload = new Workload(cluster.nextRandom(), scenario.keysOfEachKind());
      cluster.startAll();
      expect("first start", cluster::allReady);
    }

    SimulatedMachine machine(int index) {
      return cluster.machines().get(index);
    }

    /** The usual commands, and values of so many bytes. */
    void load(int valueBytes) {
      String padding = "x".repeat(valueBytes);
      Random random = cluster.nextRandom();
      int[] unique = new int[1];
      for (int i = 0; i < scenario.clients(); i++) {
        SimulatedClient client =
            new SimulatedClient(
                cluster,
                cluster.history(),
                cluster.nextRandom(),
                scenario.pipelining(),
                40 * VirtualTime.MILLI);
        client.run(
            () ->
                random.nextInt(3) == 0
                    ? Request.one("large", KeyCommand.set(unique[0]++ + padding))
                    : workload.next());
        clients.add(client);
      }
    }

    int answered() {
      return cluster.replies().getOrDefault("answered", 0);
    }

    /** A command of a client on that node is served, though perhaps not by it. */
    void expectAnswerThrough(SimulatedMachine machine, Request request) {
      SimulatedProcess process = Objects.requireNonNull(machine.process());
      List<Reply> replies = new ArrayList<>();
      process.execute(
          () ->
              Objects.requireNonNull(process.engine())
                  .openSession()
                  .submit(request.invocation(), replies::add));
      expect("an answer to " + request.invocation(), () -> !replies.isEmpty());
      assertThat(replies.get(0)).isNotInstanceOf(Reply.Failure.class);
    }

    void expect(String what, BooleanSupplier condition) {
      if (!cluster.runUntil(condition, PATIENCE)) {
        throw cluster.failure(Check.LIVENESS, "not in time: " + what + cluster.describe(), null);
      }
    }

    /** Everything answered, all replicas equal, and every answer explained. */
    void endsWell() {
      clients.forEach(SimulatedClient::finish);
      expect("all answered", () -> clients.stream().allMatch(SimulatedClient::isIdle));
      expect("replicas agree", cluster::replicasAgree);
      assertThat(cluster.checkHistory().undecided()).isEmpty();
    }

    @Override
    public void close() {
      cluster.close();
    }
  }
}
