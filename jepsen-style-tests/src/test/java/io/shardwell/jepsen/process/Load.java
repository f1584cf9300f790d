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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.Jedis;

/** Clients on every node of a cluster of processes, and the judgement of all that they saw. */
final class Load {
  private static final int CLIENTS_PER_NODE = 3;

  /** Whatever is awaited comes within this, on the slowest machine. */
  private static final int PATIENCE_SECONDS = 60;

  private final ServerProcesses servers;
  private final History history = new History();
  private final List<RecordedClient> clients = new ArrayList<>();

  Load(ServerProcesses servers) {
    this.servers = servers;
    for (int node = 0; node < servers.count(); node++) {
      for (int i = 0; i < CLIENTS_PER_NODE; i++) {
        RecordedClient client = new RecordedClient(servers.clients(node), history, node * 100L + i);
        clients.add(client);
        client.start();
      }
    }
  }

  /** Waits until that node's clients have had so many more answers that are no errors. */
  void awaitAnswers(int node, int more) throws InterruptedException {
    int wanted = answered(node) + more;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (answered(node) < wanted) {
      assertThat(System.nanoTime())
          .as(() -> "no answers from node " + (node + 1) + servers.logs())
          .isLessThan(deadline);
      Thread.sleep(20);
    }
  }

  private int answered(int node) {
    int sum = 0;
    for (int i = 0; i < CLIENTS_PER_NODE; i++) {
      sum += clients.get(node * CLIENTS_PER_NODE + i).answered();
    }
    return sum;
  }

  /** Ends the load, reads every key through another node each time, and judges all of it. */
  HistoryReport judge() throws InterruptedException, IOException {
    for (RecordedClient client : clients) {
      client.finish();
      assertThat(client.broken()).as(servers::logs).isNull();
    }
    int node = 0;
    KeyCommand get = new KeyCommand.Get();
    for (String key : RecordedClient.allKeys()) {
      try (Jedis jedis = RecordedClient.connect(servers.clients(node++ % servers.count()))) {
        int operation = history.called(-node, key, get, System.nanoTime());
        Answer answer = RecordedClient.ask(jedis, key, get);
        history.returned(operation, answer, System.nanoTime());
      }
    }
    HistoryReport report =
        HistoryReport.of(
            history,
            new LinearizabilityChecker(
                KeyModel.EXACT, ConnectionOrder.ALL, LinearizabilityChecker.DEFAULT_MAX_STEPS));
    System.out.printf(
        "processes: %d operations, %d without outcome, undecided keys %s%n",
        report.operations(), report.open(), report.undecided());
    String page = report.timeline(servers.marks());
    if (page != null) {
      Path file = Path.of("target", "timeline-processes.html").toAbsolutePath();
      Files.writeString(file, page);
      System.out.println("timeline: " + file);
    }
    assertThat(report.violations()).isEmpty();
    assertThat(report.undecided()).isEmpty();
    return report;
  }
}
