package io.shardwell.jepsen.faults;

import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.shardwell.jepsen.checker.ConnectionOrder;
import io.shardwell.jepsen.checker.History;
import io.shardwell.jepsen.checker.HistoryReport;
import io.shardwell.jepsen.checker.KeyCommand;
import io.shardwell.jepsen.checker.KeyModel;
import io.shardwell.jepsen.checker.LinearizabilityChecker;
import io.shardwell.jepsen.process.ServerProcesses;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.statemachine.Slots;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;

/** All clients of a cluster: on each node two of each library, and a probe for each shard. */
final class Crowd implements AutoCloseable {
  private static final int CLIENTS_OF_EACH_LIBRARY = 2;

  /**
   * What the store promises as long as most clocks are right, and they are, being one: a leader
   * whose clock is wrong begins so much behind or ahead ({@code Tuning.maxClockSkewMillis}), and
   * one of each kind may follow the other. Stalls and wrong clocks only make keys late.
   */
  private static final long EARLY_MILLIS = 2L * Tuning.DEFAULT.maxClockSkewMillis();

  /** Clocks of one machine that may be read late. */
  private static final long CLOCK_SLACK_MILLIS = 1_000;

  /** A client that waits for an answer has given up by then. */
  private static final long PATIENCE_SECONDS = 120;

  private final ServerProcesses servers;
  private final Commands commands = new Commands();
  private final History history = new History();
  private final List<JudgedClient> clients = new ArrayList<>();
  private final List<Probe> probes = new ArrayList<>();
  private final Queue<String> problems = new ConcurrentLinkedQueue<>();
  private final Stalls stalls = new Stalls();
  private final ClientResources threads =
      DefaultClientResources.builder().ioThreadPoolSize(2).computationThreadPoolSize(2).build();

  Crowd(ServerProcesses servers, int shards, Availability availability, long seed) {
    this.servers = servers;
    for (int node = 0; node < servers.count(); node++) {
      HostAndPort server = servers.clients(node);
      for (int i = 0; i < CLIENTS_OF_EACH_LIBRARY; i++) {
        long mine = seed * 1_000 + clients.size();
        clients.add(new JudgedClient(node, () -> new JedisStore(server), commands, history, mine));
        clients.add(
            new JudgedClient(
                node, () -> new LettuceStore(server, threads), commands, history, mine + 500));
      }
      for (int shard = 0; shard < shards; shard++) {
        probes.add(new Probe(server, node, shard, tag(shard, shards), availability, problems));
      }
    }
    stalls.start();
    clients.forEach(Thread::start);
    probes.forEach(Thread::start);
  }

  private static String tag(int shard, int shards) {
    for (int i = 0; ; i++) {
      String tag = "t" + i;
      if (Slots.shardOf(Slots.of(tag.getBytes(StandardCharsets.UTF_8)), shards) == shard) {
        return tag;
      }
    }
  }

  /** Of the connections as they are. */
  List<Site.ClientPort> ports() {
    return clients.stream()
        .filter(client -> client.localPort() != 0)
        .map(client -> new Site.ClientPort(client.node(), client.localPort()))
        .toList();
  }

  /** How many answers the node's judged clients have had, by node. */
  List<Integer> answered() {
    List<Integer> counts = new ArrayList<>();
    for (int node = 0; node < servers.count(); node++) {
      int of = node;
      counts.add(
          clients.stream().filter(c -> c.node() == of).mapToInt(JudgedClient::answered).sum());
    }
    return counts;
  }

  /**
   * What was found.
   *
   * @param acknowledged writes of probes, each looked for at the end
   */
  record Judgement(HistoryReport report, int acknowledged, List<String> problems) {
    boolean isGood() {
      return report.violations().isEmpty() && report.undecided().isEmpty() && problems.isEmpty();
    }
  }

  /** Ends the load, and waits for every call under way, whether any node is up or not. */
  void end() throws InterruptedException {
    clients.forEach(JudgedClient::end);
    probes.forEach(Probe::end);
    for (JudgedClient client : clients) {
      join(client);
      String broken = client.broken();
      if (broken != null) {
        problems.add(client.getName() + ": " + broken);
      }
    }
    for (Probe probe : probes) {
      join(probe);
    }
  }

  /** Waits until every node answers for every shard again; false if the time is over before. */
  boolean awaitServed(long deadlineNanos) throws InterruptedException {
    for (Probe probe : probes) {
      while (!probe.isServed()) {
        if (System.nanoTime() > deadlineNanos) {
          return false;
        }
        Thread.sleep(20);
      }
    }
    return true;
  }

  /**
   * Reads every key, through another node each time, and judges all of it. After {@link #end}.
   *
   * @param disorderMillis of {@link Site}
   */
  Judgement judge(long disorderMillis) {
    int node = 0;
    for (Probe probe : probes) {
      try (JedisStore reader = new JedisStore(servers.clients(node++ % servers.count()))) {
        Jedis jedis = reader.jedis();
        probe.check(jedis);
      }
    }
    synchronized (history) {
      read();
      long late = CLOCK_SLACK_MILLIS + disorderMillis + stalls.longestMillis();
      HistoryReport report =
          HistoryReport.of(
              history,
              new LinearizabilityChecker(
                  new KeyModel(
                      TimeUnit.MILLISECONDS.toNanos(EARLY_MILLIS),
                      TimeUnit.MILLISECONDS.toNanos(late)),
                  ConnectionOrder.ALL,
                  LinearizabilityChecker.DEFAULT_MAX_STEPS));
      return new Judgement(
          report, probes.stream().mapToInt(Probe::acknowledged).sum(), List.copyOf(problems));
    }
  }

  private void join(Thread thread) throws InterruptedException {
    thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
    if (thread.isAlive()) {
      problems.add(thread.getName() + " hangs");
    }
  }

  private void read() {
    KeyCommand get = new KeyCommand.Get();
    int reader = 0;
    for (int node = 0; node < servers.count(); node++) {
      try (JedisStore client = new JedisStore(servers.clients(node))) {
        List<String> keys = commands.allKeys();
        reader--;
        for (int i = node; i < keys.size(); i += servers.count()) {
          read(client, reader, keys.get(i), get);
          if (Commands.hasDeadline(keys.get(i))) {
            read(client, reader, keys.get(i), new KeyCommand.TimeToLive());
          }
        }
      }
    }
  }

  private void read(StoreClient client, int reader, String key, KeyCommand command) {
    int operation = history.called(reader, key, command, System.nanoTime());
    StoreClient.Outcome outcome = client.ask(key, command);
    if (outcome instanceof StoreClient.Outcome.Answered told) {
      history.returned(operation, told.answer(), System.nanoTime());
    } else {
      problems.add(command.show() + " " + key + " at the end: " + outcome);
    }
  }

  @Override
  public void close() {
    clients.forEach(JudgedClient::end);
    probes.forEach(Probe::end);
    stalls.end();
    try {
      for (JudgedClient client : clients) {
        client.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    threads.shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5_000);
  }
}
