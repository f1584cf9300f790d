package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.ClientSession;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Shows that a linearizable read waits for no disk (MICRORAFT B12): while every sync of all nodes
 * takes up to 300 ms and writes wait for it, reads of other connections through every node are
 * answered in the time of two round trips, as long as there is a leader.
 */
class SlowDiskReadsTest {
  private static final long TWO_ROUND_TRIPS = 40 * VirtualTime.MILLI;
  private static final byte[] VALUE = "v".getBytes(StandardCharsets.UTF_8);

  @Test
  void readsDoNotWaitForTheDisksOfWrites() {
    Scenario scenario = Scenario.drawn(3).calm().withNodes(3).withShards(4);
    try (SimulatedCluster cluster = new SimulatedCluster(scenario)) {
      cluster.startAll();
      assertThat(cluster.runUntil(cluster::allReady, 60 * VirtualTime.SECOND)).isTrue();
      cluster.machines().forEach(SimulatedMachine::slowDisk);
      List<Long> writes = new ArrayList<>();
      List<Long> reads = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        SimulatedMachine machine = cluster.machines().get(i % 3);
        byte[] key = ("key" + i % 16).getBytes(StandardCharsets.UTF_8);
        ask(cluster, machine, Invocation.of(Command.SET, key, VALUE), writes);
        ask(cluster, machine, Invocation.of(Command.GET, key), reads);
        cluster.run(30 * VirtualTime.MILLI);
      }
      cluster.run(5 * VirtualTime.SECOND);
      // Such disks cost a leader its office now and then; reads wait for the next one.
      assertThat(reads.stream().filter(nanos -> nanos < TWO_ROUND_TRIPS).count())
          .as("reads that waited for nothing")
          .isGreaterThan(90);
      assertThat(writes.stream().filter(nanos -> nanos > TWO_ROUND_TRIPS).count())
          .as("writes that waited for a disk")
          .isGreaterThan(50);
    }
  }

  /** On a connection of its own; adds how long it took, if it is answered. */
  private static void ask(
      SimulatedCluster cluster, SimulatedMachine machine, Invocation invocation, List<Long> times) {
    SimulatedEventLoop loop = Objects.requireNonNull(machine.process()).loop();
    long start = cluster.time().now();
    loop.execute(
        () -> {
          ClientSession session = Objects.requireNonNull(machine.engine()).openSession();
          session.submit(
              invocation,
              reply -> {
                if (!(reply instanceof Reply.Failure)) {
                  times.add(cluster.time().now() - start);
                }
              });
        });
  }
}
