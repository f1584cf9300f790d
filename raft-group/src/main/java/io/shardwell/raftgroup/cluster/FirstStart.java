package io.shardwell.raftgroup.cluster;

import io.shardwell.raftgroup.EngineConfig;
import io.shardwell.raftgroup.wire.MalformedFrameException;
import io.shardwell.raftgroup.wire.PeerMessage;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How nodes become one cluster (DESIGN 10), how a node that lost its directory is kept from
 * speaking for the one that voted, and how it is taken in again (decision 0017).
 *
 * <pre>
 *   NO_TABLE --- every listed node says "no table" --------> make the table, sync it \
 *            \-- a node shows a table that names us -------> adopt it, sync it        > TABLE
 *            \-- we rejoin, and its map names us ----------> adopt it, sync it       /
 *            \-- we rejoin, and its map does not ----------> wait
 *            \-- a node shows a table with another us -----> REFUSED
 *   TABLE    --- every listed node shows the same table ---> sync "opened" --------> OPENED
 *            \-- any node says "opened" under that table --> the same
 *            \-- a node shows another table ---------------> REFUSED
 *   OPENED   --- a newer map says we were replaced --------> REFUSED
 * </pre>
 *
 * <p>A table is made only by a node that has heard every listed node say, with its incarnation,
 * that it has none; so all tables ever made are equal, or name incarnations that no longer exist. A
 * node that {@linkplain io.shardwell.storage.NodeMetadata#rejoins() rejoins} says so: it had a
 * cluster, and where nobody shows its table the data of that cluster may be gone from all of them.
 * Then no table is made, or clients would find an empty cluster in the place of theirs.
 *
 * <p>Replicas open only when everybody has the table, after which a quorum suffices.
 *
 * <p><b>Who is trusted.</b> A node adopts a table only when that names it, or when `meta` has taken
 * it in under its new incarnation; and it syncs the table before it shows it. So whoever shows our
 * table belongs to us, whether or not the map of this node has heard of it yet: a node that
 * restarts knows only the map its own log holds, and if it waited for a newer one, it and a node
 * taken in meanwhile could not elect the leader of `meta` from whom the newer one comes. Only who
 * is known to have been replaced is not heard. What protects the votes is not this but that
 * replicas are bound to full endpoints ({@link io.shardwell.raftgroup.replica.ReplicaEndpoint}).
 *
 * <p>Loop thread only.
 */
public final class FirstStart {

  /** How far this node is. */
  public enum Stage {
    NO_TABLE,
    SYNCING,
    TABLE,
    OPENED,
    REFUSED
  }

  private final EngineConfig config;
  private final NodeIdentity identity;
  private final Listener listener;
  private final Map<String, PeerMessage.Hello> heard = new TreeMap<>();

  private Stage stage = Stage.NO_TABLE;
  private String refusal = "";

  // Invariant: non-null from TABLE on; encodedTable is its encoding, or empty.
  private @Nullable ClusterTable table;
  private byte[] encodedTable = {};

  /** The newest map this node knows; null until it has opened. */
  private @Nullable ClusterMap map;

  /** What comes of it. */
  public interface Listener {

    /** What this node says of itself has changed, or it was refused. */
    void helloChanged();

    /** Told once: replicas may open. */
    void open();

    /** A node of this cluster, open itself, knows this map. */
    void mapHeard(ClusterMap shown);

    /** A node that gave up its data asks this open node to be taken in under a new incarnation. */
    void wantsBack(String nodeId, long incarnation);
  }

  public FirstStart(EngineConfig config, NodeIdentity identity, Listener listener) {
    this.config = config;
    this.identity = identity;
    this.listener = listener;
  }

  /** Begins with what is on disk. */
  public void begin() {
    byte[] stored = identity.metadata().clusterTable();
    if (stored.length > 0) {
      table = ClusterTable.decode(stored);
      encodedTable = table.encode();
      stage = identity.metadata().opened() ? Stage.OPENED : Stage.TABLE;
      if (!table.incarnations().keySet().equals(config.nodes().keySet())) {
        refuse(
            "this directory belongs to a cluster of the nodes "
                + table.incarnations().keySet()
                + ", but the nodes given are "
                + config.nodes().keySet());
        return;
      }
    }
    if (stage == Stage.OPENED) {
      listener.open();
    } else {
      evaluate();
    }
  }

  public Stage stage() {
    return stage;
  }

  /** Why this node takes no part, empty if it does or will. */
  public String refusal() {
    return refusal;
  }

  /** Null until the table is durable. */
  public @Nullable ClusterTable table() {
    return table;
  }

  /** What this node says of itself. */
  public PeerMessage.Hello hello() {
    return new PeerMessage.Hello(
        config.nodeId(),
        identity.metadata().incarnation(),
        identity.metadata().bootNumber(),
        config.shards(),
        config.replicas(),
        encodedTable,
        stage == Stage.OPENED,
        identity.metadata().rejoins(),
        map == null ? new byte[0] : map.encode(),
        config.advertised());
  }

  /** Whether this speaker belongs to this cluster and was not replaced; see the class comment. */
  public boolean trusts(PeerMessage.Hello speaker) {
    return showsOurTable(speaker)
        && (map == null || !map.hasRetired(speaker.nodeId(), speaker.incarnation()));
  }

  private boolean showsOurTable(PeerMessage.Hello speaker) {
    return table != null && Arrays.equals(speaker.table(), encodedTable);
  }

  /**
   * A listed node has spoken.
   *
   * @throws MalformedFrameException if the table or the map it shows is none
   */
  public void heard(PeerMessage.Hello hello) {
    ClusterMap shown = mapOf(hello);
    if (hello.table().length > 0) {
      ClusterTable unused = ClusterTable.decode(hello.table()); // Later others would pay for it.
    }
    heard.put(hello.nodeId(), hello);
    evaluate();
    if (stage != Stage.OPENED) {
      return;
    }
    if (shown != null && showsOurTable(hello)) {
      listener.mapHeard(shown);
    } else if (hello.rejoins() && hello.table().length == 0) {
      listener.wantsBack(hello.nodeId(), hello.incarnation());
    }
  }

  private static @Nullable ClusterMap mapOf(PeerMessage.Hello hello) {
    return hello.map().length == 0 ? null : ClusterMap.decode(hello.map());
  }

  /** This node knows a newer map. */
  public void learned(ClusterMap newer) {
    ClusterMap before = map;
    assert before == null || before.epoch() < newer.epoch();
    map = newer;
    if (newer.hasRetired(config.nodeId(), identity.metadata().incarnation())) {
      refuse(replaced());
    } else if (before != null && !before.retired().equals(newer.retired())) {
      listener.helloChanged();
    }
  }

  private String replaced() {
    return "node "
        + config.nodeId()
        + " was replaced: its cluster has taken it in under another incarnation, and this directory"
        + " is of no use any more";
  }

  private void evaluate() {
    switch (stage) {
      case NO_TABLE -> lookForTable();
      case TABLE -> lookForCompany();
      case SYNCING, OPENED, REFUSED -> {}
    }
  }

  private void lookForTable() {
    boolean anyTable = false;
    for (PeerMessage.Hello hello : heard.values()) {
      if (hello.table().length > 0 && stage == Stage.NO_TABLE) {
        anyTable = true;
        adopt(hello); // Or wait: another may know a newer map.
      }
    }
    if (anyTable || bringsBackTheLost()) {
      return;
    }
    SortedMap<String, Long> incarnations = new TreeMap<>();
    incarnations.put(config.nodeId(), identity.metadata().incarnation());
    for (String nodeId : config.nodes().keySet()) {
      if (nodeId.equals(config.nodeId())) {
        continue;
      }
      PeerMessage.Hello hello = heard.get(nodeId);
      if (hello == null) {
        return;
      }
      if (differs(hello, hello.shards(), hello.replicas())) {
        return;
      }
      incarnations.put(nodeId, hello.incarnation());
    }
    sync(new ClusterTable(incarnations, config.shards(), config.replicas()));
  }

  /** Nothing is decided by it: a node with the table may still be heard. */
  private boolean bringsBackTheLost() {
    refusal = "";
    if (identity.metadata().rejoins()) {
      refusal =
          "the data of this directory were given up, to be fetched from the cluster they belonged"
              + " to; no node of it is heard, and this node begins no other";
    }
    for (PeerMessage.Hello hello : heard.values()) {
      if (refusal.isEmpty() && hello.rejoins()) {
        refusal =
            "node "
                + hello.nodeId()
                + " has given up its data and looks for its cluster, which this directory does not"
                + " know: no new cluster is begun with it. For a new one, empty its directory";
      }
    }
    return !refusal.isEmpty();
  }

  private void adopt(PeerMessage.Hello hello) {
    ClusterTable shown = ClusterTable.decode(hello.table());
    long incarnation = identity.metadata().incarnation();
    ClusterMap known = mapOf(hello);
    if (known != null && known.hasRetired(config.nodeId(), incarnation)) {
      refuse(replaced());
      return;
    }
    boolean takenIn = known != null && known.names(config.nodeId(), incarnation);
    if (!shown.names(config.nodeId(), incarnation) && !takenIn) {
      if (identity.metadata().rejoins()) {
        refusal =
            "waiting to be taken in by cluster "
                + shown.clusterId()
                + " under a new incarnation: that needs a quorum of its nodes";
        return;
      }
      refuse(
          "node "
              + hello.nodeId()
              + " belongs to cluster "
              + shown.clusterId()
              + ", which knows node "
              + config.nodeId()
              + " under another incarnation: this directory is new or foreign. Start with the"
              + " directory that this node had. If that is lost: stop this node, run shardwell data"
              + " repair --lost DIR for this directory, and start the node again");
      return;
    }
    if (differs(hello, shown.shards(), shown.replicas())) {
      return;
    }
    sync(shown);
  }

  /** The node may be started anew with other settings: nothing is decided yet. */
  private boolean differs(PeerMessage.Hello hello, int shards, int replicas) {
    boolean differs = shards != config.shards() || replicas != config.replicas();
    refusal =
        differs
            ? "node "
                + hello.nodeId()
                + " has "
                + shards
                + " shards and "
                + replicas
                + " replicas, this node was started with "
                + config.shards()
                + " and "
                + config.replicas()
            : "";
    return differs;
  }

  private void sync(ClusterTable newTable) {
    stage = Stage.SYNCING;
    identity.change(
        metadata -> metadata.withClusterTable(newTable.encode()),
        () -> {
          table = newTable;
          encodedTable = newTable.encode();
          stage = Stage.TABLE;
          refusal = "";
          listener.helloChanged();
          evaluate();
        });
  }

  private void lookForCompany() {
    ClusterTable own = Objects.requireNonNull(table);
    boolean everybody = true;
    boolean anyOpened = false;
    for (String nodeId : own.incarnations().keySet()) {
      if (nodeId.equals(config.nodeId())) {
        continue;
      }
      PeerMessage.Hello hello = heard.get(nodeId);
      if (hello == null || hello.table().length == 0) {
        everybody = false;
      } else if (!showsOurTable(hello)) {
        refuse(
            "node "
                + nodeId
                + " belongs to cluster "
                + ClusterTable.decode(hello.table()).clusterId()
                + ", this directory to "
                + own.clusterId());
        return;
      } else if (hello.opened()) {
        anyOpened = true;
      }
    }
    if (!everybody && !anyOpened) {
      return;
    }
    stage = Stage.SYNCING;
    identity.change(
        metadata -> metadata.withOpened(true),
        () -> {
          stage = Stage.OPENED;
          listener.helloChanged();
          listener.open();
        });
  }

  private void refuse(String why) {
    stage = Stage.REFUSED;
    refusal = why;
    listener.helloChanged();
  }
}
