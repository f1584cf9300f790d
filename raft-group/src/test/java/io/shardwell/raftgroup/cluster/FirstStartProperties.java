package io.shardwell.raftgroup.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.EngineConfig;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.raftgroup.VirtualLoop;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.storage.MemoryDisk;
import io.shardwell.storage.NodeMetadata;
import io.shardwell.storage.NodeStorage;
import io.shardwell.storage.StorageLimits;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/**
 * Nodes with empty directories become one cluster, whatever Hellos are lost and whoever dies
 * meanwhile, with power or without; a node that lost its directory does not come back as the one
 * that had it; and one whose data were given up is not the beginning of an empty cluster. Real
 * metadata on simulated disks; the test carries the Hellos.
 */
class FirstStartProperties {

  private static final List<String> NODES = List.of("n1", "n2", "n3");

  @Property(tries = 150)
  void allOpenUnderOneIdWhateverIsLostMeanwhile(@ForAll long seed) {
    Random random = new Random(seed);
    VirtualLoop loop = new VirtualLoop();
    Map<String, Machine> machines = new TreeMap<>();
    for (String node : NODES) {
      machines.put(node, new Machine(node, loop, new Random(random.nextLong()), 16));
    }
    for (int step = 0; step < 200; step++) {
      Machine from = machines.get(NODES.get(random.nextInt(3)));
      Machine to = machines.get(NODES.get(random.nextInt(3)));
      if (random.nextInt(12) == 0) {
        Objects.requireNonNull(from).crash(random.nextBoolean());
      } else if (from != to && random.nextInt(3) != 0) {
        PeerMessage.Hello hello = Objects.requireNonNull(from).firstStart.hello();
        Objects.requireNonNull(to).firstStart.heard(hello);
      }
      loop.run(random.nextInt(20));
    }
    for (int round = 0; round < 8; round++) {
      for (Machine from : machines.values()) {
        for (Machine to : machines.values()) {
          if (from != to) {
            to.firstStart.heard(from.firstStart.hello());
          }
        }
      }
      loop.run(50);
    }
    String id = null;
    for (Machine machine : machines.values()) {
      assertThat(machine.firstStart.refusal()).isEmpty();
      assertThat(machine.opened).as("%s, seed %d", machine.name, seed).isEqualTo(1);
      String own = Objects.requireNonNull(machine.firstStart.table()).clusterId();
      assertThat(id == null || id.equals(own)).isTrue();
      id = own;
    }
  }

  @Example
  void aNodeThatLostItsDirectoryIsRefused() {
    VirtualLoop loop = new VirtualLoop();
    Machine n1 = new Machine("n1", loop, new Random(1), 16);
    Machine n2 = new Machine("n2", loop, new Random(2), 16);
    Machine n3 = new Machine("n3", loop, new Random(3), 16);
    exchange(loop, n1, n2, n3);
    assertThat(n1.opened + n2.opened + n3.opened).isEqualTo(3);
    Machine replaced = new Machine("n3", loop, new Random(4), 16);
    exchange(loop, n1, n2, replaced);
    assertThat(replaced.opened).isZero();
    assertThat(replaced.firstStart.refusal()).contains("another incarnation");
    assertThat(n1.firstStart.trusts(replaced.firstStart.hello())).isFalse();
    assertThat(n1.firstStart.trusts(n3.firstStart.hello())).isTrue();
  }

  /** Each of a drawn set of nodes has given up its data; the others are new. */
  @Property(tries = 100)
  void givenUpDirectoriesAreNoNewCluster(@ForAll long seed) {
    Random random = new Random(seed);
    VirtualLoop loop = new VirtualLoop();
    int givenUp = 1 + random.nextInt(7);
    Machine[] machines = new Machine[3];
    for (int i = 0; i < 3; i++) {
      boolean rejoins = (givenUp >> i & 1) != 0;
      machines[i] = new Machine(NODES.get(i), loop, new Random(random.nextLong()), 16, rejoins);
    }
    for (int step = 0; step < 20; step++) {
      if (random.nextInt(3) == 0) {
        machines[random.nextInt(3)].crash(random.nextBoolean());
      }
      exchange(loop, machines);
    }
    for (Machine machine : machines) {
      assertThat(machine.opened).as("%s, seed %d", machine.name, seed).isZero();
      assertThat(machine.firstStart.table()).isNull();
      assertThat(machine.firstStart.refusal()).contains("given up", "cluster");
    }
  }

  @Example
  void nodesThatDisagreeAboutTheShardsDoNotStart() {
    VirtualLoop loop = new VirtualLoop();
    Machine n1 = new Machine("n1", loop, new Random(1), 16);
    Machine n2 = new Machine("n2", loop, new Random(2), 16);
    Machine n3 = new Machine("n3", loop, new Random(3), 8);
    exchange(loop, n1, n2, n3);
    assertThat(n1.opened + n2.opened + n3.opened).isZero();
    assertThat(n1.firstStart.refusal()).contains("8 shards");
  }

  @Example
  void aNodeThatGaveUpItsDataDoesNotSpeakForTheOneThatVoted() {
    VirtualLoop loop = new VirtualLoop();
    Machine n1 = new Machine("n1", loop, new Random(1), 16);
    Machine n2 = new Machine("n2", loop, new Random(2), 16);
    exchange(loop, n1, n2, new Machine("n3", loop, new Random(3), 16));
    Machine emptied = new Machine("n3", loop, new Random(4), 16, true);
    exchange(loop, n1, n2, emptied);
    assertThat(emptied.opened).isZero();
    assertThat(emptied.firstStart.table()).isNull();
    assertThat(emptied.firstStart.refusal()).contains("waiting to be taken in");
    assertThat(n1.firstStart.trusts(emptied.firstStart.hello())).isFalse();
    n1.crash(true);
    exchange(loop, n1, n2, emptied);
    assertThat(n1.opened).as("the others do without it").isEqualTo(1);
    assertThat(n1.firstStart.refusal()).isEmpty();
  }

  @Example
  void aLaterStartNeedsNobody() {
    VirtualLoop loop = new VirtualLoop();
    Machine n1 = new Machine("n1", loop, new Random(1), 16);
    exchange(
        loop,
        n1,
        new Machine("n2", loop, new Random(2), 16),
        new Machine("n3", loop, new Random(3), 16));
    n1.crash(true);
    assertThat(n1.opened).isEqualTo(1);
  }

  @Example
  void aNodeThatGaveUpItsDataIsTakenInUnderItsNewIncarnation() {
    VirtualLoop loop = new VirtualLoop();
    Machine n1 = new Machine("n1", loop, new Random(1), 16);
    Machine n2 = new Machine("n2", loop, new Random(2), 16);
    Machine before = new Machine("n3", loop, new Random(3), 16);
    exchange(loop, n1, n2, before);
    Machine back = new Machine("n3", loop, new Random(4), 16, true);
    exchange(loop, n1, n2, back);
    long incarnation = back.firstStart.hello().incarnation();
    assertThat(n1.asked).isEqualTo(incarnation);
    n1.learn(n1.map().replace("n3", before.firstStart.hello().incarnation(), incarnation));
    exchange(loop, n1, n2, back);
    assertThat(back.opened).isEqualTo(1);
    assertThat(back.firstStart.table()).isEqualTo(n1.firstStart.table());
    assertThat(back.firstStart.hello().rejoins()).as("for the next start").isFalse();
    assertThat(n1.firstStart.trusts(back.firstStart.hello())).isTrue();
    assertThat(n1.firstStart.trusts(before.firstStart.hello())).isFalse();

    before.crash(false);
    exchange(loop, before, n1);
    assertThat(before.firstStart.refusal()).as("the old directory").contains("was replaced");
    assertThat(back.firstStart.refusal()).isEmpty();
  }

  /**
   * A node that was away, or has just started, does not know the newest map. If it did not hear the
   * node taken in meanwhile, the two could not elect the leader of meta, from whom it comes.
   */
  @Example
  void aNodeWithAnOlderMapTrustsTheOneTakenInMeanwhile() {
    VirtualLoop loop = new VirtualLoop();
    Machine n1 = new Machine("n1", loop, new Random(1), 16);
    Machine n2 = new Machine("n2", loop, new Random(2), 16);
    Machine before = new Machine("n3", loop, new Random(3), 16);
    exchange(loop, n1, n2, before);
    Machine back = new Machine("n3", loop, new Random(4), 16, true);
    n2.learn(
        n2.map()
            .replace(
                "n3",
                before.firstStart.hello().incarnation(),
                back.firstStart.hello().incarnation()));
    exchange(loop, n2, back);
    n1.crash(true);
    back.crash(true);
    assertThat(n1.firstStart.trusts(back.firstStart.hello())).isTrue();
    assertThat(back.firstStart.trusts(n1.firstStart.hello())).isTrue();
    exchange(loop, n1, back);
    assertThat(back.opened).as("needs nobody who knows the newest map").isEqualTo(1);
    assertThat(back.firstStart.refusal()).isEmpty();
  }

  /** Hellos get lost, machines crash, and n3 gives up its data again and again. */
  @Property(tries = 100)
  void whoeverGivesUpIsTakenInSoonerOrLater(@ForAll long seed) {
    Random random = new Random(seed);
    VirtualLoop loop = new VirtualLoop();
    Machine[] machines = new Machine[3];
    for (int i = 0; i < 3; i++) {
      machines[i] = new Machine(NODES.get(i), loop, new Random(random.nextLong()), 16);
    }
    exchange(loop, machines);
    ClusterMap meta = machines[0].map();
    for (int step = 0; step < 150; step++) {
      int from = random.nextInt(3);
      int to = random.nextInt(3);
      switch (random.nextInt(12)) {
        case 0 -> machines[from].crash(random.nextBoolean());
        case 1 -> {
          if (random.nextInt(4) == 0) {
            machines[2] = new Machine("n3", loop, new Random(random.nextLong()), 16, true);
          }
        }
        case 2, 3 -> {
          Machine asked = machines[random.nextInt(2)];
          meta = meta.replace("n3", asked.current, asked.asked);
        }
        case 4 -> machines[random.nextInt(2)].learn(meta);
        default -> {
          if (from != to) {
            machines[to].firstStart.heard(machines[from].firstStart.hello());
          }
        }
      }
      loop.run(random.nextInt(20));
    }
    for (int round = 0; round < 4; round++) {
      exchange(loop, machines);
      meta = meta.replace("n3", machines[0].current, machines[0].asked);
      machines[0].learn(meta);
    }
    for (Machine machine : machines) {
      assertThat(machine.firstStart.refusal()).as("%s, seed %d", machine.name, seed).isEmpty();
      assertThat(machine.opened).as("%s, seed %d", machine.name, seed).isEqualTo(1);
      for (Machine other : machines) {
        assertThat(machine.firstStart.trusts(other.firstStart.hello()))
            .as("%s of %s, whose map is %s, seed %d", machine.name, other.name, machine.map, seed)
            .isTrue();
      }
    }
  }

  private static void exchange(VirtualLoop loop, Machine... machines) {
    for (int round = 0; round < 5; round++) {
      for (Machine from : machines) {
        for (Machine to : machines) {
          if (from != to) {
            to.firstStart.heard(from.firstStart.hello());
          }
        }
      }
      loop.run(50);
    }
  }

  /** A node's directory with the first start on it. */
  private static final class Machine {
    final String name;
    final VirtualLoop loop;
    final Random random;
    final int shards;
    final boolean rejoins;
    MemoryDisk disk;
    FirstStart firstStart;

    /** Times this process has opened replicas. */
    int opened;

    /** The incarnation that last asked this node to be taken in; 0 for none. */
    long asked;

    /** The one that had that name then, as far as this node knew. */
    long current;

    private @Nullable ClusterMap map;

    Machine(String name, VirtualLoop loop, Random random, int shards) {
      this(name, loop, random, shards, false);
    }

    Machine(String name, VirtualLoop loop, Random random, int shards, boolean rejoins) {
      this.rejoins = rejoins;
      this.name = name;
      this.loop = loop;
      this.random = random;
      this.shards = shards;
      this.disk =
          new MemoryDisk(
              this::schedule, random, new MemoryDisk.Behaviour().latency(1_000_000, 15_000_000));
      this.firstStart = start();
    }

    private void schedule(Runnable task, long delayNanos) {
      var unused = loop.schedule(task, delayNanos);
    }

    void crash(boolean power) {
      disk = power ? disk.crashMachine(this::schedule) : disk.crashProcess(this::schedule);
      opened = 0;
      asked = 0;
      current = 0;
      map = null;
      firstStart = start();
    }

    /** What its engine would know. */
    ClusterMap map() {
      return Objects.requireNonNull(map);
    }

    void learn(ClusterMap newer) {
      if (map != null && newer.epoch() > map.epoch()) {
        map = newer;
        firstStart.learned(newer);
      }
    }

    private final class Engine implements FirstStart.Listener {
      @Override
      public void helloChanged() {}

      @Override
      public void open() {
        opened++;
        map = ClusterMap.first(Objects.requireNonNull(firstStart.table()));
        firstStart.learned(map);
      }

      @Override
      public void mapHeard(ClusterMap shown) {
        learn(shown);
      }

      @Override
      public void wantsBack(String nodeId, long incarnation) {
        if (!map().hasRetired(nodeId, incarnation)) {
          asked = incarnation;
          current = Objects.requireNonNull(map().nodes().get(nodeId)).incarnation();
        }
      }
    }

    private FirstStart start() {
      try {
        NodeStorage storage =
            NodeStorage.open(
                disk,
                StorageLimits.SMALL,
                (what, cause) -> {
                  throw new AssertionError(what, cause);
                });
        if (rejoins && storage.metadata().incarnation() == 0) {
          storage.saveMetadata(NodeMetadata.empty().withRejoins(true));
        }
        NodeIdentity identity =
            NodeIdentity.begin(
                storage,
                random,
                () -> 0,
                (what, cause) -> {
                  throw new AssertionError(what, cause);
                });
        Map<String, PeerAddress> addresses = new TreeMap<>();
        NODES.forEach(node -> addresses.put(node, new PeerAddress("localhost", 1)));
        EngineConfig config = EngineConfig.of(name, addresses, ClientAddress.UNKNOWN, shards, 3, 1);
        firstStart = new FirstStart(config, identity, new Engine());
        firstStart.begin();
        return firstStart;
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }
}
