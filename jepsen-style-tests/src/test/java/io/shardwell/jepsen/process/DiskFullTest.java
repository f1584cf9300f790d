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
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/**
 * Shows on a real file system what a full disk does to a real node: three servers under load
 * through Jedis, one with a small tmpfs that somebody else's file fills. It stands aside and says
 * so, serves its clients through the others, survives the last byte, comes back when the file is
 * gone; started on a full disk it says why it cannot, and nothing is damaged. Every answer must be
 * explained by one store. Skipped where tmpfs cannot be mounted (needs root on Linux).
 */
@Tag("chaos")
class DiskFullTest {
  private static final long DISK_BYTES = 320L << 20;
  private static final long MIN_FREE_BYTES = 64L << 20;

  private final History history = new History();
  private final List<RecordedClient> clients = new ArrayList<>();

  @Test
  @Timeout(240)
  void aNodeStandsAsideOnAFullDiskAndComesBack(@TempDir Path directory)
      throws IOException, InterruptedException {
    try (SmallDisk disk = new SmallDisk(directory.resolve("n1"), DISK_BYTES);
        ServerProcesses servers =
            new ServerProcesses(directory, 3, "--min-free-bytes", Long.toString(MIN_FREE_BYTES))) {
      Assumptions.assumeTrue(disk.isMounted(), "cannot mount a tmpfs: " + disk.refusal());
      servers.startAll();
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();
      load(servers);
      Thread.sleep(2_000);

      disk.leaveFree(MIN_FREE_BYTES * 3 / 4);
      assertThat(servers.awaitReadiness(0, false, 10)).as(servers::logs).isTrue();
      assertThat(servers.readiness(0))
          .startsWith("503 not ready: disk: ")
          .contains("below min-free-bytes " + MIN_FREE_BYTES);
      Thread.sleep(2_500);
      int before = answered(0);
      long free = disk.freeBytes();
      Thread.sleep(3_000);
      assertThat(answered(0)).as("forwarded, %s", servers.logs()).isGreaterThan(before);
      assertThat(disk.freeBytes()).as("nothing grows").isGreaterThan(free - (1 << 20));

      disk.leaveFree(0);
      Thread.sleep(3_000);
      assertThat(servers.isAlive(0)).as("it writes nothing, %s", servers.logs()).isTrue();

      disk.spaceAgain();
      assertThat(servers.awaitReadiness(0, true, 20)).as(servers::logs).isTrue();
      Thread.sleep(1_000);

      // Started without any space it says so, and is none the worse for it.
      servers.kill(0);
      disk.leaveFree(0);
      servers.start(0);
      assertThat(servers.awaitExit(0, 30)).as(servers::logs).isOne();
      assertThat(servers.logs()).contains("cannot start: the disk is full: 0 bytes free");
      disk.spaceAgain();
      servers.start(0);
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();
      Thread.sleep(1_000);

      // Started with too little it stands aside at once.
      servers.kill(0);
      disk.leaveFree(MIN_FREE_BYTES * 3 / 4);
      servers.start(0);
      assertThat(awaitText(servers, "503 not ready: disk: ")).as(servers::logs).isTrue();
      disk.spaceAgain();
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();

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
        "disk full: %d operations, %d without outcome, undecided keys %s%n",
        report.operations(), report.open(), report.undecided());
    assertThat(report.violations()).isEmpty();
    assertThat(report.undecided()).isEmpty();
    assertThat(report.operations()).isGreaterThan(500);
  }

  private static boolean awaitText(ServerProcesses servers, String text)
      throws InterruptedException {
    for (int i = 0; i < 300; i++) {
      if (servers.readiness(0).startsWith(text)) {
        return true;
      }
      Thread.sleep(100);
    }
    return false;
  }

  private void load(ServerProcesses servers) {
    for (int node = 0; node < servers.count(); node++) {
      for (int i = 0; i < 2; i++) {
        RecordedClient client =
            new RecordedClient(servers.clientPort(node), history, node * 100L + i);
        clients.add(client);
        client.start();
      }
    }
  }

  private int answered(int node) {
    return clients.get(node * 2).answered() + clients.get(node * 2 + 1).answered();
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
