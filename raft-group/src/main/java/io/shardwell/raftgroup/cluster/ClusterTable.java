package io.shardwell.raftgroup.cluster;

import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.shardwell.raftgroup.EngineConfig;
import io.shardwell.raftgroup.wire.MalformedFrameException;
import io.shardwell.raftgroup.wire.Text;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the nodes agreed on at the cluster's first start (DESIGN 10): who they are and how the data
 * is divided. Its hash is the cluster's id.
 *
 * @param incarnations by node id
 */
public record ClusterTable(SortedMap<String, Long> incarnations, int shards, int replicas) {

  private static final int MAX_NODES = 4096;

  public ClusterTable {
    incarnations = Collections.unmodifiableSortedMap(new TreeMap<>(incarnations));
  }

  /** Whether this table knows the node under this incarnation. */
  public boolean names(String nodeId, long incarnation) {
    Long known = incarnations.get(nodeId);
    return known != null && known == incarnation;
  }

  /** The node that has this incarnation; null if there is none. */
  public @Nullable String nodeOf(long incarnation) {
    for (Map.Entry<String, Long> node : incarnations.entrySet()) {
      if (node.getValue() == incarnation) {
        return node.getKey();
      }
    }
    return null;
  }

  public byte[] encode() {
    Output out = new Output(256, -1);
    out.writeVarInt(shards, true);
    out.writeVarInt(replicas, true);
    out.writeVarInt(incarnations.size(), true);
    for (Map.Entry<String, Long> node : incarnations.entrySet()) {
      Text.write(out, node.getKey());
      out.writeLong(node.getValue());
    }
    return out.toBytes();
  }

  /**
   * The opposite of {@link #encode}.
   *
   * @throws MalformedFrameException if these are not a table's bytes
   */
  public static ClusterTable decode(byte[] bytes) {
    try {
      Input in = new Input(bytes);
      int shards = in.readVarInt(true);
      int replicas = in.readVarInt(true);
      int count = in.readVarInt(true);
      if (count < 1 || count > MAX_NODES) {
        throw new MalformedFrameException("table of " + count + " nodes");
      }
      checkSizes(shards, replicas);
      SortedMap<String, Long> nodes = new TreeMap<>();
      for (int i = 0; i < count; i++) {
        nodes.put(Text.read(in), in.readLong());
      }
      return new ClusterTable(nodes, shards, replicas);
    } catch (KryoException | IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new MalformedFrameException("not a cluster table", e);
    }
  }

  /** Of what somebody says to be a cluster, who may be a stranger. */
  static void checkSizes(int shards, int replicas) {
    if (shards < 1 || shards > EngineConfig.MAX_SHARDS || replicas < 1) {
      throw new MalformedFrameException(shards + " shards of " + replicas + " replicas");
    }
  }

  /** The cluster's id: 32 hex digits. */
  public String clusterId() {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(encode());
      return HexFormat.of().formatHex(hash, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
