package io.shardwell.raftgroup.cluster;

import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.raftgroup.wire.MalformedFrameException;
import io.shardwell.raftgroup.wire.Text;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.MemoryLimit;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What `meta` agrees on: the nodes and where they are reached, how the data is divided, settings,
 * and the epoch that grows with each change.
 *
 * @param memory what each node may use for data, all its replicas together
 * @param decided by node, the last change of settings it sent that was applied
 * @param retired by incarnation, the node that had it and has another now: whoever speaks under it
 *     is not heard. At most {@value #MAX_RETIRED}; then nobody is replaced any more
 * @param shares what each shard may use of the memory of its nodes
 */
public record ClusterMap(
    long epoch,
    SortedMap<String, Node> nodes,
    int shards,
    int replicas,
    MemoryLimit memory,
    SortedMap<String, Decided> decided,
    SortedMap<Long, String> retired,
    MemoryShares shares) {

  private static final int MAX_NODES = 4096;

  /** Replacements in a cluster's life at most. */
  static final int MAX_RETIRED = 4096;

  /** A node as it announced itself. */
  public record Node(long incarnation, PeerAddress peer, ClientAddress client) {}

  /** The last applied change of a node in one of its lives. */
  public record Decided(long incarnation, long number) {}

  public ClusterMap {
    nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
    decided = Collections.unmodifiableSortedMap(new TreeMap<>(decided));
    retired = Collections.unmodifiableSortedMap(new TreeMap<>(retired));
    for (Node node : nodes.values()) {
      assert !retired.containsKey(node.incarnation()) : "a node of the map is retired";
    }
    assert shares.shares().size() == (memory.isOn() ? shards : 0) : "a share for each shard";
  }

  /** The map that follows from the table alone; all nodes begin with the same. */
  public static ClusterMap first(ClusterTable table) {
    SortedMap<String, Node> nodes = new TreeMap<>();
    table
        .incarnations()
        .forEach(
            (id, incarnation) ->
                nodes.put(
                    id, new Node(incarnation, new PeerAddress("", 0), ClientAddress.UNKNOWN)));
    return new ClusterMap(
        1,
        nodes,
        table.shards(),
        table.replicas(),
        MemoryLimit.NONE,
        new TreeMap<>(),
        new TreeMap<>(),
        MemoryShares.NONE);
  }

  /** Whether this is the node's incarnation as far as this map knows. */
  public boolean names(String nodeId, long incarnation) {
    Node node = nodes.get(nodeId);
    return node != null && node.incarnation() == incarnation;
  }

  /** Whether another incarnation has taken the place of this one. */
  public boolean hasRetired(String nodeId, long incarnation) {
    return nodeId.equals(retired.get(incarnation));
  }

  /**
   * The map with a node's new incarnation in the place of the given one; the same map if that is
   * not the node's incarnation now, so that a proposal that comes late changes nothing, or if the
   * new one is another's.
   */
  ClusterMap replace(String nodeId, long incarnation, long newIncarnation) {
    boolean applies =
        names(nodeId, incarnation)
            && newIncarnation != incarnation
            && newIncarnation != 0
            && !retired.containsKey(newIncarnation)
            && nodes.values().stream().noneMatch(node -> node.incarnation() == newIncarnation)
            && retired.size() < MAX_RETIRED;
    if (!applies) {
      return this;
    }
    SortedMap<String, Node> changed = new TreeMap<>(nodes);
    // Where it is reached it says itself.
    changed.put(nodeId, new Node(newIncarnation, new PeerAddress("", 0), ClientAddress.UNKNOWN));
    SortedMap<Long, String> ended = new TreeMap<>(retired);
    ended.put(incarnation, nodeId);
    return new ClusterMap(epoch + 1, changed, shards, replicas, memory, decided, ended, shares);
  }

  /** The map with this node announced, or the same map if it knows that already. */
  public ClusterMap with(String nodeId, Node node) {
    Node known = nodes.get(nodeId);
    if (known == null || known.incarnation() != node.incarnation() || known.equals(node)) {
      return this;
    }
    SortedMap<String, Node> changed = new TreeMap<>(nodes);
    changed.put(nodeId, node);
    return new ClusterMap(epoch + 1, changed, shards, replicas, memory, decided, retired, shares);
  }

  /** The map after a change, or the same map if it is decided already or of a stranger. */
  ClusterMap with(MemoryChange change, ReplicaLayout layout) {
    if (!names(change.nodeId(), change.incarnation()) || hasDecided(change)) {
      return this;
    }
    SortedMap<String, Decided> changed = new TreeMap<>(decided);
    changed.put(change.nodeId(), new Decided(change.incarnation(), change.number()));
    MemoryLimit next = change.applyTo(memory, lastMemoryRevision() + 1);
    return new ClusterMap(
        epoch + 1,
        nodes,
        shards,
        replicas,
        next,
        changed,
        retired,
        next.equals(memory) ? shares : shares.under(memory, next, layout));
  }

  /** The map after a deal, or the same map if that was made for another or may not be granted. */
  ClusterMap with(MemoryDeal deal, ReplicaLayout layout) {
    return memory.isOn() && deal.baseRevision() == lastMemoryRevision()
        ? withShares(shares.dealt(deal.grants(), memory, layout))
        : this;
  }

  /** The map after a node has said which limits its replicas go by. */
  ClusterMap with(AppliedLimits applied) {
    return names(applied.nodeId(), applied.incarnation())
        ? withShares(shares.applied(applied.nodeId(), applied.revisions()))
        : this;
  }

  private ClusterMap withShares(MemoryShares changed) {
    return changed.equals(shares)
        ? this
        : new ClusterMap(epoch + 1, nodes, shards, replicas, memory, decided, retired, changed);
  }

  /** The latest revision of a limit that a shard may have. */
  long lastMemoryRevision() {
    return shares.lastRevision(memory);
  }

  /** The memory limit that a shard is to have. */
  public MemoryLimit limitOf(int shard) {
    return shares.limit(shard, memory);
  }

  /** Whether this change, or a later one of the same node, was applied. */
  boolean hasDecided(MemoryChange change) {
    Decided last = decided.get(change.nodeId());
    return last != null
        && last.incarnation() == change.incarnation()
        && last.number() >= change.number();
  }

  public byte[] encode() {
    Output out = new Output(512, -1);
    out.writeVarLong(epoch, true);
    out.writeVarInt(shards, true);
    out.writeVarInt(replicas, true);
    out.writeVarInt(nodes.size(), true);
    for (Map.Entry<String, Node> node : nodes.entrySet()) {
      writeNode(out, node.getKey(), node.getValue());
    }
    out.writeVarLong(memory.revision(), true);
    out.writeVarLong(memory.bytes(), true);
    out.writeByte(memory.policy().code());
    out.writeVarInt(decided.size(), true);
    for (Map.Entry<String, Decided> each : decided.entrySet()) {
      Text.write(out, each.getKey());
      out.writeLong(each.getValue().incarnation());
      out.writeVarLong(each.getValue().number(), true);
    }
    nodes.values().forEach(node -> writeClusterPort(out, node));
    out.writeVarInt(retired.size(), true);
    for (Map.Entry<Long, String> each : retired.entrySet()) {
      out.writeLong(each.getKey());
      Text.write(out, each.getValue());
    }
    if (memory.isOn()) {
      shares.write(out);
    }
    return out.toBytes();
  }

  /**
   * The opposite of {@link #encode}.
   *
   * @throws MalformedFrameException if these are not a map's bytes
   */
  public static ClusterMap decode(byte[] bytes) {
    try {
      Input in = new Input(bytes);
      long epoch = in.readVarLong(true);
      int shards = in.readVarInt(true);
      int replicas = in.readVarInt(true);
      int count = in.readVarInt(true);
      if (count < 1 || count > MAX_NODES) {
        throw new MalformedFrameException("map of " + count + " nodes");
      }
      ClusterTable.checkSizes(shards, replicas);
      SortedMap<String, Node> nodes = new TreeMap<>();
      for (int i = 0; i < count; i++) {
        nodes.put(Text.read(in), readNode(in));
      }
      if (in.position() == in.limit()) {
        // From before there was anything else to agree on.
        return new ClusterMap(
            epoch,
            nodes,
            shards,
            replicas,
            MemoryLimit.NONE,
            new TreeMap<>(),
            new TreeMap<>(),
            MemoryShares.NONE);
      }
      MemoryLimit memory = readMemory(in);
      int decisions = in.readVarInt(true);
      if (decisions < 0 || decisions > count) {
        throw new MalformedFrameException("map with decisions of " + decisions + " nodes");
      }
      SortedMap<String, Decided> decided = new TreeMap<>();
      for (int i = 0; i < decisions; i++) {
        decided.put(Text.read(in), new Decided(in.readLong(), in.readVarLong(true)));
      }
      for (Map.Entry<String, Node> node : nodes.entrySet()) {
        node.setValue(readClusterPort(in, node.getValue()));
      }
      SortedMap<Long, String> retired = readRetired(in);
      for (Node node : nodes.values()) {
        if (retired.containsKey(node.incarnation())) {
          throw new MalformedFrameException("map with a retired node");
        }
      }
      MemoryShares shares = readShares(in, nodes, shards, replicas, memory);
      return new ClusterMap(epoch, nodes, shards, replicas, memory, decided, retired, shares);
    } catch (KryoException | IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new MalformedFrameException("not a cluster map", e);
    }
  }

  private static SortedMap<Long, String> readRetired(Input in) {
    SortedMap<Long, String> retired = new TreeMap<>();
    // Logs and snapshots from before nodes could be replaced end without them.
    int count = in.position() == in.limit() ? 0 : in.readVarInt(true);
    if (count < 0 || count > MAX_RETIRED) {
      throw new MalformedFrameException("map of " + count + " retired nodes");
    }
    for (int i = 0; i < count; i++) {
      retired.put(in.readLong(), Text.read(in));
    }
    return retired;
  }

  private static MemoryShares readShares(
      Input in, SortedMap<String, Node> nodes, int shards, int replicas, MemoryLimit memory) {
    if (!memory.isOn()) {
      return MemoryShares.NONE;
    }
    // Logs and snapshots from before budgets were dealt by use end without them.
    return in.position() < in.limit()
        ? MemoryShares.read(in, shards)
        : MemoryShares.evenFromAnything(
            memory, new ReplicaLayout(Placement.of(nodes.keySet(), shards, replicas).members()));
  }

  private static MemoryLimit readMemory(Input in) {
    long revision = in.readVarLong(true);
    long bytes = in.readVarLong(true);
    EvictionPolicy policy = EvictionPolicy.byCode(in.readByte());
    if (revision < 0 || bytes < 0 || policy == null) {
      throw new MalformedFrameException("map with a memory setting of " + bytes + " bytes");
    }
    return new MemoryLimit(revision, bytes, policy);
  }

  static void writeNode(Output out, String id, Node node) {
    Text.write(out, id);
    out.writeLong(node.incarnation());
    Text.write(out, node.peer().host());
    out.writeVarInt(node.peer().port(), true);
    Text.write(out, node.client().host());
    out.writeVarInt(node.client().respPort(), false);
    out.writeVarInt(node.client().textPort(), false);
    out.writeVarInt(node.client().httpPort(), false);
  }

  static Node readNode(Input in) {
    return new Node(
        in.readLong(),
        new PeerAddress(Text.read(in), in.readVarInt(true)),
        new ClientAddress(
            Text.read(in), in.readVarInt(false), in.readVarInt(false), in.readVarInt(false), -1));
  }

  // The ports of the cluster face come after everything else: logs and snapshots from before there
  // was one end without them.

  static void writeClusterPort(Output out, Node node) {
    out.writeVarInt(node.client().clusterPort(), false);
  }

  static Node readClusterPort(Input in, Node node) {
    if (in.position() == in.limit()) {
      return node;
    }
    ClientAddress client = node.client();
    return new Node(
        node.incarnation(),
        node.peer(),
        new ClientAddress(
            client.host(),
            client.respPort(),
            client.textPort(),
            client.httpPort(),
            in.readVarInt(false)));
  }
}
