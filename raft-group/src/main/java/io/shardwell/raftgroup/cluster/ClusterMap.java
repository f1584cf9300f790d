package io.shardwell.raftgroup.cluster;

import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.raftgroup.wire.MalformedFrameException;
import io.shardwell.raftgroup.wire.Text;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What `meta` agrees on: the nodes and where they are reached, how the data is divided, and the
 * epoch that grows with each change.
 */
public record ClusterMap(long epoch, SortedMap<String, Node> nodes, int shards, int replicas) {

  private static final int MAX_NODES = 4096;

  /** A node as it announced itself. */
  public record Node(long incarnation, PeerAddress peer, ClientAddress client) {}

  public ClusterMap {
    nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
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
    return new ClusterMap(1, nodes, table.shards(), table.replicas());
  }

  /** The map with this node announced, or the same map if it knows that already. */
  public ClusterMap with(String nodeId, Node node) {
    Node known = nodes.get(nodeId);
    if (known == null || known.incarnation() != node.incarnation() || known.equals(node)) {
      return this;
    }
    SortedMap<String, Node> changed = new TreeMap<>(nodes);
    changed.put(nodeId, node);
    return new ClusterMap(epoch + 1, changed, shards, replicas);
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
    nodes.values().forEach(node -> writeClusterPort(out, node));
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
      SortedMap<String, Node> nodes = new TreeMap<>();
      for (int i = 0; i < count; i++) {
        nodes.put(Text.read(in), readNode(in));
      }
      for (Map.Entry<String, Node> node : nodes.entrySet()) {
        node.setValue(readClusterPort(in, node.getValue()));
      }
      return new ClusterMap(epoch, nodes, shards, replicas);
    } catch (KryoException e) {
      throw new MalformedFrameException("not a cluster map", e);
    }
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
