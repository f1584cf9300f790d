package io.shardwell.raftgroup.cluster;

import io.shardwell.raftgroup.EngineConfig;
import io.shardwell.raftgroup.wire.PeerMessage;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How nodes become one cluster (DESIGN 10), and how a node that lost its directory is kept from
 * speaking for the one that voted.
 *
 * <pre>
 *   NO_TABLE --- every listed node says "no table" --------> make the table, sync it
 *            \-- a node shows a table that names us -------> adopt it, sync it      \
 *             \- a node shows a table with another us -----> REFUSED                 > TABLE
 *   TABLE    --- every listed node shows the same table ---> sync "opened" --------> OPENED
 *            \-- any node says "opened" under that table --> the same
 *            \-- a node shows another table ---------------> REFUSED
 * </pre>
 *
 * <p>A table is made only by a node that has heard every listed node say, with its incarnation,
 * that it has none; so all tables ever made are equal, or name incarnations that no longer exist. A
 * node that {@linkplain io.shardwell.storage.NodeMetadata#rejoins() rejoins} says so: it had a
 * cluster, and where nobody shows its table the data of that cluster may be gone from all of them.
 * Then no table is made, or clients would find an empty cluster in the place of theirs.
 *
 * <p>* Replicas open only when everybody has the table, after which a quorum suffices. Loop thread
 * only.
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
  private final Runnable changed;
  private final Runnable open;
  private final Map<String, PeerMessage.Hello> heard = new TreeMap<>();

  private Stage stage = Stage.NO_TABLE;
  private String refusal = "";

  // Invariant: non-null from TABLE on; encodedTable is its encoding, or empty.
  private @Nullable ClusterTable table;
  private byte[] encodedTable = {};

  /**
   * @param changed told when what this node says of itself has changed
   * @param open told once, when replicas may open
   */
  public FirstStart(EngineConfig config, NodeIdentity identity, Runnable changed, Runnable open) {
    this.config = config;
    this.identity = identity;
    this.changed = changed;
    this.open = open;
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
      open.run();
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
        config.advertised());
  }

  /** Whether this speaker belongs to this cluster and is who the table says. */
  public boolean trusts(PeerMessage.Hello speaker) {
    ClusterTable known = table;
    return known != null
        && known.names(speaker.nodeId(), speaker.incarnation())
        && java.util.Arrays.equals(speaker.table(), encodedTable);
  }

  /** A listed node has spoken. */
  public void heard(PeerMessage.Hello hello) {
    heard.put(hello.nodeId(), hello);
    evaluate();
  }

  private void evaluate() {
    switch (stage) {
      case NO_TABLE -> lookForTable();
      case TABLE -> lookForCompany();
      case SYNCING, OPENED, REFUSED -> {}
    }
  }

  private void lookForTable() {
    for (PeerMessage.Hello hello : heard.values()) {
      if (hello.table().length > 0) {
        adopt(hello);
        return;
      }
    }
    if (bringsBackTheLost()) {
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
    if (!shown.names(config.nodeId(), identity.metadata().incarnation())) {
      refuse(
          "node "
              + hello.nodeId()
              + " belongs to cluster "
              + shown.clusterId()
              + ", which knows node "
              + config.nodeId()
              + " under another incarnation"
              + (identity.metadata().rejoins()
                  ? " and has not admitted this one. What it had is in the folder damaged-... of"
                      + " this directory"
                  : ": this directory is new or foreign. Start with the directory that this node"
                      + " had"));
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
          changed.run();
          evaluate();
        });
  }

  private void lookForCompany() {
    ClusterTable own = java.util.Objects.requireNonNull(table);
    boolean everybody = true;
    boolean anyOpened = false;
    for (String nodeId : own.incarnations().keySet()) {
      if (nodeId.equals(config.nodeId())) {
        continue;
      }
      PeerMessage.Hello hello = heard.get(nodeId);
      if (hello == null || hello.table().length == 0) {
        everybody = false;
      } else if (!trusts(hello)) {
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
          changed.run();
          open.run();
        });
  }

  private void refuse(String why) {
    stage = Stage.REFUSED;
    refusal = why;
    changed.run();
  }
}
