package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.Engine;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.jspecify.annotations.Nullable;

/**
 * Shows that a cluster of real replicas over a simulated network and simulated disks agrees with
 * one naive map: the same commands go to both, one after the other, each through any node, while
 * nodes crash, lose power, pause and are cut off; every reply must be the map's.
 */
class NaiveMapProperties {
  private static final Set<Fault> FAULTS =
      EnumSet.complementOf(EnumSet.of(Fault.FAILING_DISK, Fault.SWIZZLE));

  @Property(tries = 15, shrinking = ShrinkingMode.OFF, seed = "3")
  void aClusterAgreesWithANaiveMap(@ForAll long seed) {
    Scenario drawn = Scenario.drawn(seed).withFaults(FAULTS);
    try (SimulatedCluster cluster = new SimulatedCluster(drawn)) {
      new Comparison(cluster).run(400);
    }
  }

  /** One run. */
  private static final class Comparison {
    private final SimulatedCluster cluster;
    private final Random random;
    private final NaiveMap naive = new NaiveMap();
    private final String where;
    private int unique;

    Comparison(SimulatedCluster cluster) {
      this.cluster = cluster;
      this.random = cluster.nextRandom();
      this.where = "seed " + cluster.scenario().seed();
    }

    void run(int commands) {
      cluster.startAll();
      assertThat(cluster.runUntil(cluster::allReady, 60 * VirtualTime.SECOND)).as(where).isTrue();
      Chaos chaos = new Chaos(cluster);
      chaos.start();
      for (int i = 0; i < commands; i++) {
        compare(next());
        cluster.run(random.nextLong(100 * VirtualTime.MILLI));
      }
      chaos.stop();
      cluster.heal();
      assertThat(cluster.runUntil(cluster::allReady, 60 * VirtualTime.SECOND)).as(where).isTrue();
      compare(invocation("DBSIZE"));
      for (String key : List.copyOf(naive.content().keySet())) {
        compare(invocation("GET", key));
      }
      assertThat(cluster.runUntil(cluster::replicasAgree, 60 * VirtualTime.SECOND))
          .as(() -> where + cluster.describe())
          .isTrue();
    }

    private void compare(Invocation call) {
      for (int attempt = 0; attempt < 200; attempt++) {
        Map<String, String> before = new TreeMap<>(naive.content());
        Reply actual = ask(call);
        if (actual instanceof Reply.Failure failed && failed.text().startsWith("CLUSTERDOWN")) {
          cluster.run(200 * VirtualTime.MILLI);
        } else if (actual == null
            || (actual instanceof Reply.Failure failed
                && failed.text().startsWith("INDETERMINATE"))) {
          adoptWhatHappened(call, before);
          return;
        } else {
          Reply expected = naive.execute(call);
          assertThat(actual).as("%s: %s", where, call).isEqualTo(expected);
          return;
        }
      }
      throw new AssertionError(where + ": never answered: " + call + cluster.describe());
    }

    /** Null if the node died, or took too long. */
    private @Nullable Reply ask(Invocation call) {
      List<SimulatedMachine> machines = cluster.machines();
      SimulatedMachine machine = machines.get(random.nextInt(machines.size()));
      SimulatedProcess process = machine.process();
      Engine engine = machine.engine();
      if (process == null || engine == null) {
        return new Reply.Failure("CLUSTERDOWN not running");
      }
      Reply[] reply = new Reply[1];
      process.execute(() -> engine.openSession().submit(call, r -> reply[0] = r));
      boolean unused =
          cluster.runUntil(() -> reply[0] != null || !process.isAlive(), 5 * VirtualTime.SECOND);
      return reply[0];
    }

    /** The outcome is unknown: each key holds what it held before or what it should hold now. */
    private void adoptWhatHappened(Invocation call, Map<String, String> before) {
      if (!call.command().isWrite()) {
        return;
      }
      // A copy that is still under way must have arrived before we look.
      cluster.run(10 * VirtualTime.SECOND);
      NaiveMap after = new NaiveMap(before);
      Reply unused = after.execute(call);
      Set<String> keys = new TreeSet<>(before.keySet());
      keys.addAll(after.content().keySet());
      for (String key : keys) {
        Reply actual = read(key);
        String now = actual instanceof Reply.Bulk bulk ? text(bulk) : null;
        assertThat(now)
            .as("%s: %s after %s", where, key, call)
            .isIn(before.get(key), after.content().get(key));
        if (now == null) {
          naive.content().remove(key);
        } else {
          naive.content().put(key, now);
        }
      }
    }

    private Reply read(String key) {
      for (int attempt = 0; attempt < 200; attempt++) {
        Reply reply = ask(invocation("GET", key));
        if (reply != null && !(reply instanceof Reply.Failure)) {
          return reply;
        }
        cluster.run(200 * VirtualTime.MILLI);
      }
      throw new AssertionError(where + ": cannot read " + key + cluster.describe());
    }

    private static String text(Reply.Bulk bulk) {
      return new String(bulk.value(), StandardCharsets.UTF_8);
    }

    private Invocation next() {
      String key = key();
      return switch (random.nextInt(14)) {
        case 0, 1 -> invocation("GET", key);
        case 2, 3 -> invocation("SET", key, value());
        case 4 -> invocation("SET", key, value(), random.nextBoolean() ? "NX" : "XX");
        case 5 -> invocation("SET", key, value(), "GET");
        case 6 -> invocation("DEL", key, key());
        case 7 -> invocation("EXISTS", key, key());
        case 8 -> invocation("STRLEN", key);
        case 9 -> invocation("APPEND", key, value());
        case 10 -> invocation("INCRBY", key, Integer.toString(random.nextInt(100) - 50));
        case 11 -> invocation("MGET", key, key(), key());
        case 12 -> invocation("MSET", key, value(), key() + "'", value());
        default -> random.nextInt(20) == 0 ? invocation("FLUSHALL") : invocation("DBSIZE");
      };
    }

    private String key() {
      return "key" + random.nextInt(12);
    }

    private String value() {
      return Integer.toString(unique++);
    }

    private static Invocation invocation(String command, String... words) {
      byte[][] arguments = new byte[words.length][];
      for (int i = 0; i < words.length; i++) {
        arguments[i] = words[i].getBytes(StandardCharsets.UTF_8);
      }
      return Invocation.of(Command.valueOf(command), arguments);
    }
  }
}
