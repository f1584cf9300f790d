package io.shardwell.jepsen.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.cli.status.ClusterQuery;
import io.shardwell.cli.status.ClusterView;
import io.shardwell.jepsen.planted.RestlessServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;

/**
 * Shows that a retry is not a second write and that leader changes are invisible: 64 clients on all
 * nodes count by pipelined INCRs while every node gives all its leaderships away every two seconds,
 * and one node after the other is killed (SIGKILL) and started again, the next one as soon as all
 * have caught up. Every reply must be the number that comes next, no client may be refused before
 * the promised wait as long as its own node lives, and at the end every counter holds what its
 * client has counted.
 */
class LeaderChangesTest {
  private static final int NODES = 3;
  private static final int SHARDS = 16;
  private static final int CLIENTS = 64;

  /** Entries that a replica may lack and yet count as caught up. */
  private static final long CAUGHT_UP_ENTRIES = 200;

  private static final long PATIENCE_SECONDS = 60;

  private final Queue<String> problems = new ConcurrentLinkedQueue<>();
  private final List<CountingClient> clients = new ArrayList<>();
  private final ClusterQuery query = new ClusterQuery(Duration.ofSeconds(10));

  @Test
  @Timeout(240)
  void countersAreExact(@TempDir Path directory) throws IOException, InterruptedException {
    countFor(12, directory);
  }

  @Tag("chaos")
  @Test
  @Timeout(600)
  void countersAreExactForThreeMinutes(@TempDir Path directory)
      throws IOException, InterruptedException {
    countFor(180, directory);
  }

  private void countFor(int seconds, Path directory) throws IOException, InterruptedException {
    try (ServerProcesses servers =
        new ServerProcesses(directory, NODES, SHARDS, new LoopbackNetwork(NODES))
            .runBy(RestlessServer.class)) {
      servers.startAll();
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();
      KillsInTurn kills = new KillsInTurn(servers);
      for (int i = 0; i < CLIENTS; i++) {
        int node = i % NODES;
        CountingClient client = client(i, servers.clients(node), () -> kills.deaths(node));
        clients.add(client);
        client.start();
      }
      long termsBefore = terms(servers);
      int killed = kills.go(seconds, problems::isEmpty, () -> awaitCaughtUp(servers));
      for (CountingClient client : clients) {
        client.finish();
      }
      long pipelines = clients.stream().mapToLong(CountingClient::pipelines).sum();
      long changes = terms(servers) - termsBefore;
      System.out.printf(
          "leader changes: %d of them, %d kills, %d pipelines of clients, %d commands refused%n",
          changes, killed, pipelines, clients.stream().mapToLong(CountingClient::refused).sum());
      assertThat(problems).as(servers::logs).isEmpty();
      // Each kill alone moves a third of the shards.
      assertThat(changes).as("leaderships that moved").isGreaterThan(2L * SHARDS);
      checkSums(servers);
    }
  }

  private CountingClient client(int number, HostAndPort server, IntSupplier deaths) {
    CountingClient.Place place =
        new CountingClient.Place() {
          @Override
          public Jedis connect() {
            return new Jedis(
                server,
                DefaultJedisClientConfig.builder()
                    .connectionTimeoutMillis(2_000)
                    .socketTimeoutMillis(10_000)
                    .build());
          }

          @Override
          public int deaths() {
            return deaths.getAsInt();
          }
        };
    return new CountingClient("counter-" + number, place, problems);
  }

  /** Until every node answers, is ready and lacks no more than a few entries. */
  private void awaitCaughtUp(ServerProcesses servers) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!isCaughtUp(view(servers))) {
      assertThat(System.nanoTime()).as(servers::logs).isLessThan(deadline);
      Thread.sleep(100);
    }
  }

  private ClusterView view(ServerProcesses servers) throws IOException {
    HostAndPort first = servers.clients(0);
    return query.askAll(first.getHost(), first.getPort());
  }

  private static boolean isCaughtUp(ClusterView view) {
    return view.nodes().stream().allMatch(node -> node.report() != null && node.report().ready())
        && view.shards().stream()
            .allMatch(
                shard ->
                    shard.replicas().size() == NODES
                        && shard.replicas().values().stream()
                            .allMatch(replica -> shard.lag(replica) <= CAUGHT_UP_ENTRIES));
  }

  private long terms(ServerProcesses servers) throws IOException {
    return view(servers).shards().stream().mapToLong(ClusterView.Shard::term).sum();
  }

  private void checkSums(ServerProcesses servers) {
    long sum = 0;
    long counted = 0;
    int node = 0;
    for (CountingClient client : clients) {
      try (Jedis jedis = new Jedis(servers.clients(node++ % NODES))) {
        for (CountingClient.Expected expected : client.expected()) {
          String value = jedis.get(expected.key());
          assertThat(value == null ? "0" : value)
              .as(expected.key())
              .isEqualTo(Long.toString(expected.value()));
          sum += value == null ? 0 : Long.parseLong(value);
          counted += expected.value();
        }
      }
    }
    assertThat(sum).isEqualTo(counted).isPositive();
  }
}
