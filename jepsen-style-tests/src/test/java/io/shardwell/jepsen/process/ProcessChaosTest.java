package io.shardwell.jepsen.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.jepsen.checker.Answer;
import io.shardwell.jepsen.checker.ConnectionOrder;
import io.shardwell.jepsen.checker.History;
import io.shardwell.jepsen.checker.HistoryReport;
import io.shardwell.jepsen.checker.KeyCommand;
import io.shardwell.jepsen.checker.KeyModel;
import io.shardwell.jepsen.checker.LinearizabilityChecker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/**
 * Shows that real processes keep the promises that the simulation checks, at least the coarse ones:
 * three servers on loopback under load through Jedis; one is killed, one is stopped and goes on,
 * all are killed, and killed again while they recover. Every answer must be explained by one store,
 * and everything acknowledged must be there at the end. Needs a POSIX {@code kill}.
 */
class ProcessChaosTest {
  private static final int CLIENTS_PER_NODE = 3;

  private final History history = new History();
  private final List<RecordedClient> clients = new ArrayList<>();

  @Test
  @Timeout(240)
  void killedAndStoppedServersKeepEveryPromise(@TempDir Path directory)
      throws IOException, InterruptedException {
    try (ServerProcesses servers = new ServerProcesses(directory, 3)) {
      servers.startAll();
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();
      load(servers);

      // One dies and comes back; the others go on in the meantime.
      Thread.sleep(2_000);
      servers.kill(0);
      Thread.sleep(3_000);
      int before = answered(1);
      Thread.sleep(1_500);
      assertThat(answered(1))
          .as("answers while a node is down, %s", servers.logs())
          .isGreaterThan(before);
      servers.start(0);
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();

      // One stops for longer than a heartbeat timeout and goes on as if nothing had been.
      servers.signal(1, "STOP");
      Thread.sleep(2_500);
      servers.signal(1, "CONT");
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();
      Thread.sleep(1_000);

      // All at once, and again in the middle of recovery.
      servers.killAll();
      servers.startAll();
      Thread.sleep(900);
      servers.killAll();
      servers.startAll();
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();
      Thread.sleep(1_500);

      for (RecordedClient client : clients) {
        client.finish();
        assertThat(client.broken()).as(servers::logs).isNull();
      }
      readEverything(servers);
    }
    HistoryReport report =
        HistoryReport.of(
            history,
            new LinearizabilityChecker(
                KeyModel.EXACT, ConnectionOrder.ALL, LinearizabilityChecker.DEFAULT_MAX_STEPS));
    System.out.printf(
        "process chaos: %d operations, %d without outcome, undecided keys %s%n",
        report.operations(), report.open(), report.undecided());
    assertThat(report.violations()).isEmpty();
    assertThat(report.undecided()).isEmpty();
    assertThat(report.operations()).isGreaterThan(500);
  }

  private void load(ServerProcesses servers) {
    for (int node = 0; node < servers.count(); node++) {
      for (int i = 0; i < CLIENTS_PER_NODE; i++) {
        RecordedClient client =
            new RecordedClient(servers.clientPort(node), history, node * 100L + i);
        clients.add(client);
        client.start();
      }
    }
  }

  private int answered(int node) {
    int sum = 0;
    for (int i = 0; i < CLIENTS_PER_NODE; i++) {
      sum += clients.get(node * CLIENTS_PER_NODE + i).answered();
    }
    return sum;
  }

  /** Through another node each time. */
  private void readEverything(ServerProcesses servers) {
    int node = 0;
    KeyCommand get = new KeyCommand.Get();
    for (String key : RecordedClient.allKeys()) {
      try (Jedis jedis = RecordedClient.connect(servers.clientPort(node++ % servers.count()))) {
        int operation = history.called(-node, key, get, System.nanoTime());
        Answer answer = RecordedClient.ask(jedis, key, get);
        history.returned(operation, answer, System.nanoTime());
      }
    }
  }
}
