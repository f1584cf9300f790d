package io.shardwell.jepsen.simulation;

import io.shardwell.jepsen.checker.HistoryReport;
import io.shardwell.jepsen.checker.KeyCommand;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One scenario from beginning to end: first start, clients under faults, then everything is mended
 * and the cluster must become ready, answer, agree with itself, and have kept every promise.
 */
public final class Run {
  /** Simulated time within which a mended cluster must work again. */
  private static final long RECOVERY = 60 * VirtualTime.SECOND;

  /** Simulated time after which no command that was given up takes effect any more. */
  private static final long LAST_WRITES = 10 * VirtualTime.SECOND;

  /** What a run amounted to. */
  public record Summary(
      long events,
      long traceHash,
      long simulatedNanos,
      CountTable<Crash.Step, Crash.UnderWay> crashes,
      int terms,
      long limitsTaken,
      long frames,
      CountTable<Fault, Phase> faults,
      long withoutLeaderNanos,
      Map<String, Integer> replies,
      HistoryReport history) {}

  private Run() {}

  /**
   * Runs a scenario.
   *
   * @throws SimulationFailure if a promise was broken
   */
  public static Summary of(Scenario scenario) {
    return of(scenario, null);
  }

  /** As above; {@code story} is told what happens, line by line. */
  static Summary of(Scenario scenario, @Nullable Consumer<String> story) {
    try (SimulatedCluster cluster = new SimulatedCluster(scenario, story)) {
      try {
        return run(scenario, cluster);
      } catch (SimulationFailure failure) {
        throw failure;
      } catch (RuntimeException | StackOverflowError | AssertionError broken) {
        throw cluster.failure(Check.ASSERTION, "the simulation broke: " + broken, broken);
      }
    }
  }

  private static Summary run(Scenario scenario, SimulatedCluster cluster) {
    cluster.startAll();
    expect(cluster, cluster.runUntil(cluster::allReady, RECOVERY), "first start");
    Workload workload = new Workload(cluster.nextRandom(), scenario);
    List<SimulatedClient> clients = new ArrayList<>();
    for (int i = 0; i < scenario.clients(); i++) {
      SimulatedClient client =
          new SimulatedClient(
              cluster,
              cluster.history(),
              cluster.nextRandom(),
              1 + i % scenario.pipelining(),
              40 * VirtualTime.MILLI);
      client.run(workload::next);
      clients.add(client);
    }
    Chaos chaos = new Chaos(cluster);
    chaos.start();
    MemoryPressure pressure = new MemoryPressure(cluster);
    pressure.start();
    cluster.run(scenario.seconds() * VirtualTime.SECOND);
    chaos.stop();
    pressure.stop();
    cluster.heal();
    expect(cluster, cluster.runUntil(cluster::allReady, RECOVERY), "ready after the faults");
    clients.forEach(SimulatedClient::finish);
    boolean idle =
        cluster.runUntil(
            () -> clients.stream().allMatch(SimulatedClient::isIdle), 10 * VirtualTime.SECOND);
    expect(cluster, idle, "all commands answered");
    List<String> keys = workload.allKeys();
    readEverything(cluster, keys.get(0), workload.readAll());
    List<Request> lastLook = workload.lastLook();
    if (!lastLook.isEmpty()) {
      cluster.run(LAST_WRITES);
      readEverything(cluster, keys.get(0), lastLook);
    }
    expect(
        cluster,
        cluster.runUntil(cluster::replicasAgree, RECOVERY),
        Check.AGREEMENT,
        "replicas agree");
    HistoryReport report = cluster.checkHistory();
    return new Summary(
        cluster.time().events(),
        cluster.time().traceHash(),
        cluster.time().now(),
        cluster.crashes(),
        cluster.termsWithLeader(),
        cluster.limitsTaken(),
        cluster.network().frames(),
        chaos.injected(),
        cluster.longestWithoutLeader(),
        cluster.replies(),
        report);
  }

  private static Request read(String key) {
    return Request.one(key, new KeyCommand.Get());
  }

  /**
   * Whatever was acknowledged must be there; reads come through any node, and again until they are
   * answered: an error is no answer, and a shard that only has errors has not come back.
   *
   * @param known a key to read until the last answer is there
   */
  private static void readEverything(SimulatedCluster cluster, String known, List<Request> reads) {
    Queue<Request> rest = new ArrayDeque<>(reads);
    SimulatedClient reader =
        new SimulatedClient(cluster, cluster.history(), cluster.nextRandom(), 1, 0);
    int enough =
        cluster.history().size() + reads.stream().mapToInt(read -> read.parts().size()).sum();
    reader.run(() -> rest.isEmpty() ? read(known) : untilAnswered(rest));
    boolean done =
        cluster.runUntil(() -> rest.isEmpty() && cluster.history().size() > enough, RECOVERY);
    reader.finish();
    expect(cluster, done, "all keys read at the end");
    expect(
        cluster, cluster.runUntil(reader::isIdle, 10 * VirtualTime.SECOND), "the reader answered");
  }

  /** The first of them, which stays the first until it is answered; but a walk is begun once. */
  private static Request untilAnswered(Queue<Request> rest) {
    Request first = rest.element();
    return first.listing() == null ? first.heardBy(reply -> rest.remove()) : rest.remove();
  }

  private static void expect(SimulatedCluster cluster, boolean holds, String what) {
    expect(cluster, holds, Check.LIVENESS, what);
  }

  private static void expect(SimulatedCluster cluster, boolean holds, Check check, String what) {
    if (!holds) {
      throw cluster.failure(check, "not in time: " + what + cluster.describe(), null);
    }
  }
}
