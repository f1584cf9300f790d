package io.shardwell.raftgroup.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.esotericsoftware.kryo.io.Output;
import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.EngineConfig;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.raftgroup.WireLimits;
import io.shardwell.raftgroup.wire.FrameCodec;
import io.shardwell.raftgroup.wire.MalformedFrameException;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.raftgroup.wire.RaftCodec;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.MemoryLimit;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/**
 * Shows that the cluster map and its changes survive their bytes, those from before the cluster
 * face included: they end without its ports.
 */
class ClusterMapTest {

  private static ClusterMap map(int clusterPort) {
    Map<String, ClusterMap.Node> nodes = new TreeMap<>();
    for (int i = 1; i <= 3; i++) {
      nodes.put(
          "n" + i,
          new ClusterMap.Node(
              i,
              new PeerAddress("10.0.0." + i, 16379),
              new ClientAddress("db" + i, 6379, -1, 8379, clusterPort)));
    }
    return new ClusterMap(
        7,
        new TreeMap<>(nodes),
        16,
        3,
        MemoryLimit.NONE,
        new TreeMap<>(),
        new TreeMap<>(),
        MemoryShares.NONE);
  }

  @Test
  void aMapSurvivesItsBytes() {
    assertThat(ClusterMap.decode(map(7379).encode())).isEqualTo(map(7379));
  }

  /** Of the largest cluster, with all that may be in its map, at the worst of times. */
  @Test
  void theLargestMapAndTableFitIntoAHello() {
    String host = "h".repeat(253);
    Map<String, ClusterMap.Node> nodes = new TreeMap<>();
    Map<String, ClusterMap.Decided> decided = new TreeMap<>();
    Map<String, Long> incarnations = new TreeMap<>();
    for (int i = 0; i < EngineConfig.MAX_NODES; i++) {
      String id = "n".repeat(38) + (10 + i);
      ClientAddress client = new ClientAddress(host, 65535, 65535, 65535, 65535);
      nodes.put(id, new ClusterMap.Node(-i, new PeerAddress(host, 65535), client));
      decided.put(id, new ClusterMap.Decided(-i, Long.MAX_VALUE));
      incarnations.put(id, -1L - i);
    }
    Map<Long, String> retired = new TreeMap<>();
    for (long i = 1; i <= ClusterMap.MAX_RETIRED; i++) {
      retired.put(i, "n".repeat(40));
    }
    MemoryShares.Share changing =
        new MemoryShares.Share(
            Long.MAX_VALUE, Long.MAX_VALUE - 1, Long.MAX_VALUE, new TreeSet<>(nodes.keySet()));
    ClusterMap map =
        new ClusterMap(
            Long.MAX_VALUE,
            new TreeMap<>(nodes),
            EngineConfig.MAX_SHARDS,
            EngineConfig.MAX_NODES,
            new MemoryLimit(Long.MAX_VALUE, Long.MAX_VALUE, EvictionPolicy.ALLKEYS_LRU),
            new TreeMap<>(decided),
            new TreeMap<>(retired),
            new MemoryShares(Collections.nCopies(EngineConfig.MAX_SHARDS, changing)));
    ClusterTable table =
        new ClusterTable(
            new TreeMap<>(incarnations), EngineConfig.MAX_SHARDS, EngineConfig.MAX_NODES);
    Output frame = new Output(512, -1);
    new FrameCodec(new RaftCodec())
        .write(
            frame,
            new PeerMessage.Hello(
                "n".repeat(40),
                -1,
                Long.MAX_VALUE,
                EngineConfig.MAX_SHARDS,
                EngineConfig.MAX_NODES,
                table.encode(),
                true,
                true,
                map.encode(),
                new ClientAddress(host, 65535, 65535, 65535, 65535)));
    assertThat(frame.toBytes().length).isBetween(2 << 20, WireLimits.MAX_HELLO_BYTES / 4 * 3);
  }

  @Test
  void aMapFromBeforeEndsWithTheNodes() {
    // The memory setting, the count of decisions, and a byte for each port, the count of the
    // retired.
    byte[] bytes = map(-1).encode();
    assertThat(ClusterMap.decode(Arrays.copyOf(bytes, bytes.length - 8))).isEqualTo(map(-1));
  }

  /** As it was written by clusters that dealt evenly, byte by byte. */
  @Test
  void aMapFromBeforeBudgetsWereDealtByUseIsDealtEvenly() {
    MemoryLimit budget = new MemoryLimit(5, 1_600, EvictionPolicy.ALLKEYS_LRU);
    ClusterMap none = map(7379);
    ClusterMap now =
        new ClusterMap(
            none.epoch(),
            none.nodes(),
            none.shards(),
            none.replicas(),
            budget,
            none.decided(),
            none.retired(),
            MemoryShares.evenFromAnything(
                budget, new ReplicaLayout(Placement.of(none.nodes().keySet(), 16, 3).members())));
    byte[] bytes = now.encode();
    Output shares = new Output(64, -1);
    now.shares().write(shares);
    int before = bytes.length - shares.toBytes().length;
    ClusterMap old = ClusterMap.decode(Arrays.copyOf(bytes, before));
    assertThat(old).isEqualTo(now);
    for (int shard = 0; shard < 16; shard++) {
      assertThat(old.limitOf(shard)).isEqualTo(new MemoryLimit(5, 100, EvictionPolicy.ALLKEYS_LRU));
    }
  }

  @Test
  void aReplacementAppliesOnceAndOnlyToTheIncarnationItNames() {
    ClusterMap replaced = map(-1).replace("n2", 2, 77);
    assertThat(replaced.names("n2", 77)).isTrue();
    assertThat(replaced.hasRetired("n2", 2)).isTrue();
    assertThat(replaced.epoch()).isEqualTo(8);
    assertThat(ClusterMap.decode(replaced.encode())).isEqualTo(replaced);
    assertThat(replaced.replace("n2", 2, 78)).as("late").isSameAs(replaced);
    assertThat(replaced.replace("n2", 77, 2)).as("back to a retired one").isSameAs(replaced);
    assertThat(replaced.replace("n9", 77, 78)).as("a stranger").isSameAs(replaced);
  }

  @Test
  void anAnnouncementFromBeforeIsTakenToo() {
    ClusterTable table = new ClusterTable(new TreeMap<>(Map.of("n1", 1L)), 4, 1);
    ClusterMap.Node node = map(-1).nodes().get("n1");
    assertThat(node).isNotNull();
    byte[] change = MetaState.announcement("n1", java.util.Objects.requireNonNull(node));
    byte[] old = Arrays.copyOf(change, change.length - 1);
    assertThat(MetaState.isChange(old)).isTrue();
    MetaState state = new MetaState(table);
    assertThat(((ClusterMap) state.apply(1, old)).nodes()).containsEntry("n1", node);
  }

  /**
   * Each shard's part of it was what no limit would be, and no replica of `meta` could apply it.
   */
  @Test
  void theLargestBudgetIsDealt() {
    ClusterMap base = map(7379);
    MemoryLimit largest = new MemoryLimit(5, Long.MAX_VALUE, EvictionPolicy.NOEVICTION);
    ReplicaLayout layout =
        new ReplicaLayout(Placement.of(base.nodes().keySet(), 1, base.replicas()).members());
    ClusterMap dealt =
        new ClusterMap(
            base.epoch(),
            base.nodes(),
            1,
            base.replicas(),
            largest,
            base.decided(),
            base.retired(),
            MemoryShares.evenFromAnything(largest, layout));
    assertThat(ClusterMap.decode(dealt.encode())).isEqualTo(dealt);
    assertThat(dealt.limitOf(0).bytes()).isEqualTo(Long.MAX_VALUE - 1);
  }

  /** Somebody asks for n2's place under n1's incarnation: with n1 replaced it would be retired. */
  @Test
  void nobodyTakesAPlaceUnderTheIncarnationOfAnother() {
    ClusterMap map = map(7379);
    assertThat(map.replace("n2", 2, 1)).isSameAs(map);
    ClusterMap replaced = map.replace("n2", 2, 9);
    assertThat(replaced.names("n2", 9)).isTrue();
    assertThat(replaced.replace("n1", 1, 9)).isSameAs(replaced);
  }

  /**
   * Whoever reaches the peer port can show a map, and what decoding it throws, other than that it
   * is none, halts the node: once a map without replicas did, and one that names a retired node.
   */
  @Property(tries = 20_000)
  void anyBytesAreAMapAndATableOrNone(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] map = damage(random.nextBoolean() ? full() : map(7379).encode(), random);
    byte[] table =
        damage(new ClusterTable(new TreeMap<>(Map.of("n1", 1L, "n2", 2L)), 16, 3).encode(), random);
    try {
      assertThat(ClusterMap.decode(map).shards()).isPositive();
    } catch (MalformedFrameException none) {
      assertThat(none).hasMessageNotContaining("null");
    }
    try {
      assertThat(ClusterTable.decode(table).shards()).isPositive();
    } catch (MalformedFrameException none) {
      assertThat(none).hasMessageNotContaining("null");
    }
  }

  /** A map with all there can be in one. */
  private static byte[] full() {
    MemoryLimit budget = new MemoryLimit(5, 1_600, EvictionPolicy.ALLKEYS_LRU);
    ClusterMap base = map(7379);
    return new ClusterMap(
            base.epoch(),
            base.nodes(),
            base.shards(),
            base.replicas(),
            budget,
            new TreeMap<>(Map.of("n1", new ClusterMap.Decided(1, 4))),
            new TreeMap<>(Map.of(9L, "n3")),
            MemoryShares.evenFromAnything(
                budget, new ReplicaLayout(Placement.of(base.nodes().keySet(), 16, 3).members())))
        .encode();
  }

  private static byte[] damage(byte[] bytes, Random random) {
    int left = random.nextInt(4) == 0 ? random.nextInt(bytes.length) + 1 : bytes.length;
    byte[] damaged = Arrays.copyOf(bytes, left);
    for (int i = random.nextInt(5); i > 0; i--) {
      int at = random.nextInt(random.nextBoolean() ? Math.min(12, left) : left);
      damaged[at] = (byte) (random.nextBoolean() ? random.nextInt(4) - 1 : random.nextInt());
    }
    return damaged;
  }
}
