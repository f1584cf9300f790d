package io.shardwell.jepsen.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shows that real processes keep the promises that the simulation checks, at least the coarse ones:
 * three servers under load through Jedis are killed, stopped, cut off and cut apart. Every answer
 * must be explained by one store, and everything acknowledged must be there at the end. Between
 * faults the test waits for answers, not for time; only a fault itself lasts for a time. Needs a
 * POSIX {@code kill}.
 */
class ProcessChaosTest {
  private static final int NODES = 3;
  private static final int SHARDS = 4;

  /** Longer than a heartbeat timeout and an election after it. */
  private static final long FAULT_MILLIS = 2_500;

  @Test
  @Timeout(240)
  void killedAndStoppedServersKeepEveryPromise(@TempDir Path directory)
      throws IOException, InterruptedException {
    try (ServerProcesses servers =
        new ServerProcesses(directory, NODES, SHARDS, new LoopbackNetwork(NODES))) {
      // One has its clients' sockets on threads of their own, the others on their loops.
      servers.environment(0, Map.of("SHARDWELL_IO_THREADS", "3"));
      Load load = begin(servers);

      // One dies and comes back; the others go on in the meantime.
      servers.kill(0);
      load.awaitAnswers(1, 200);
      load.awaitAnswers(2, 200);
      servers.start(0);
      becomesReady(servers);

      // One stops for longer than a heartbeat timeout and goes on as if nothing had been.
      load.awaitAnswers(0, 50);
      servers.signal(1, "STOP");
      Thread.sleep(FAULT_MILLIS);
      servers.signal(1, "CONT");
      becomesReady(servers);
      load.awaitAnswers(1, 50);

      // All at once, and again in the middle of recovery.
      servers.killAll();
      servers.startAll();
      Thread.sleep(900);
      servers.killAll();
      servers.startAll();
      becomesReady(servers);
      load.awaitAnswers(0, 50);

      assertThat(load.judge().operations()).isGreaterThan(500);
    }
  }

  @Test
  @Timeout(240)
  void serversCutApartKeepEveryPromise(@TempDir Path directory)
      throws IOException, InterruptedException {
    Network network = NamespaceNetwork.createIfAllowed(NODES);
    Assumptions.assumeTrue(network != null, "network namespaces need rights that are not there");
    if (network == null) {
      return;
    }
    try (ServerProcesses servers = new ServerProcesses(directory, NODES, SHARDS, network)) {
      Load load = begin(servers);

      // One is cut off from both: they go on, and it comes back.
      cutBoth(network, 2, 0);
      cutBoth(network, 2, 1);
      load.awaitAnswers(0, 200);
      load.awaitAnswers(1, 200);
      Thread.sleep(FAULT_MILLIS);
      network.heal();
      load.awaitAnswers(2, 50);

      // One is heard by nobody, but hears all.
      network.cut(0, 1);
      network.cut(0, 2);
      Thread.sleep(FAULT_MILLIS);
      load.awaitAnswers(1, 100);
      network.heal();
      load.awaitAnswers(0, 50);

      // Two do not see each other, the third is the bridge between them.
      cutBoth(network, 0, 1);
      Thread.sleep(FAULT_MILLIS);
      load.awaitAnswers(2, 100);
      network.heal();

      // Everybody loses packets.
      for (int node = 0; node < NODES; node++) {
        network.lose(node, 0.05);
      }
      Thread.sleep(FAULT_MILLIS);
      network.heal();
      becomesReady(servers);
      for (int node = 0; node < NODES; node++) {
        load.awaitAnswers(node, 50);
      }

      assertThat(load.judge().operations()).isGreaterThan(500);
    }
  }

  private static void cutBoth(Network network, int one, int other) throws IOException {
    network.cut(one, other);
    network.cut(other, one);
  }

  private static Load begin(ServerProcesses servers) throws InterruptedException {
    servers.startAll();
    becomesReady(servers);
    Load load = new Load(servers);
    load.awaitAnswers(0, 100);
    return load;
  }

  private static void becomesReady(ServerProcesses servers) throws InterruptedException {
    assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();
  }
}
