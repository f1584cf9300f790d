package io.shardwell.raftgroup.cluster;

import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.shardwell.raftgroup.replica.FrozenView;
import io.shardwell.raftgroup.replica.ReplicatedState;
import io.shardwell.raftgroup.replica.SnapshotShadow;
import io.shardwell.raftgroup.wire.MalformedFrameException;
import io.shardwell.raftgroup.wire.Text;
import io.shardwell.statemachine.Slots;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The replicated state of the group `meta`: the {@link ClusterMap}. Loop thread only. */
public final class MetaState implements ReplicatedState {

  /** The group's number, above all shards'. */
  public static final int GROUP = Slots.COUNT;

  /** Voters at most (DESIGN 10). */
  public static final int MAX_VOTERS = 5;

  private static final byte NEW_TERM = 1;
  private static final byte ANNOUNCE = 2;
  private static final byte MEMORY = 3;
  private static final byte REPLACE = 4;
  private static final byte DEAL = 5;
  private static final byte APPLIED_LIMITS = 6;

  private final ReplicaLayout layout;
  private ClusterMap map;

  public MetaState(ClusterTable table) {
    this.map = ClusterMap.first(table);
    this.layout =
        new ReplicaLayout(
            Placement.of(table.incarnations().keySet(), table.shards(), table.replicas())
                .members());
  }

  public ClusterMap map() {
    return map;
  }

  /** The nodes with a voter of the group, at its first start. */
  public static List<String> voters(ClusterTable table) {
    return table.incarnations().keySet().stream().limit(MAX_VOTERS).toList();
  }

  /** A change: a node tells where it is reached. Repeating it changes nothing. */
  public static byte[] announcement(String nodeId, ClusterMap.Node node) {
    Output out = new Output(128, -1);
    out.writeByte(ANNOUNCE);
    ClusterMap.writeNode(out, nodeId, node);
    ClusterMap.writeClusterPort(out, node);
    return out.toBytes();
  }

  /** A change of the memory setting; a repeated one changes nothing. */
  static byte[] memoryChange(MemoryChange change) {
    Output out = new Output(128, -1);
    out.writeByte(MEMORY);
    change.write(out);
    return out.toBytes();
  }

  /** Other shares of the memory for some shards; only from the leader of `meta` itself. */
  static byte[] deal(MemoryDeal deal) {
    Output out = new Output(128, -1);
    out.writeByte(DEAL);
    deal.write(out);
    return out.toBytes();
  }

  /** A node says which memory limits its replicas go by; a repeated one changes nothing. */
  static byte[] appliedLimits(AppliedLimits applied) {
    Output out = new Output(128, -1);
    out.writeByte(APPLIED_LIMITS);
    applied.write(out);
    return out.toBytes();
  }

  /**
   * A change: the node that was this incarnation has given up its data and comes back as another.
   * Void if the map names yet another by then.
   */
  static byte[] replacement(String nodeId, long incarnation, long newIncarnation) {
    Output out = new Output(64, -1);
    out.writeByte(REPLACE);
    Text.write(out, nodeId);
    out.writeLong(incarnation);
    out.writeLong(newIncarnation);
    return out.toBytes();
  }

  /** Whether these bytes may be proposed: they come from another node. */
  public static boolean isChange(byte[] bytes) {
    if (bytes.length == 0) {
      return false;
    }
    try {
      Input in = new Input(bytes, 1, bytes.length - 1);
      return switch (bytes[0]) {
        case ANNOUNCE -> Text.read(in) != null && readNode(in) != null;
        case MEMORY -> MemoryChange.read(in) != null;
        case REPLACE -> Replacement.read(in) != null;
        case APPLIED_LIMITS -> AppliedLimits.read(in) != null;
        default -> false;
      };
    } catch (KryoException | MalformedFrameException malformed) {
      return false;
    }
  }

  private record Replacement(String nodeId, long incarnation, long newIncarnation) {

    static Replacement read(Input in) {
      return new Replacement(Text.read(in), in.readLong(), in.readLong());
    }

    ClusterMap applyTo(ClusterMap map) {
      return map.replace(nodeId, incarnation, newIncarnation);
    }
  }

  private static ClusterMap.Node readNode(Input in) {
    return ClusterMap.readClusterPort(in, ClusterMap.readNode(in));
  }

  @Override
  public Object apply(long index, byte[] proposal) {
    Input in = new Input(proposal, 1, proposal.length - 1);
    map =
        switch (proposal[0]) {
          case NEW_TERM -> map;
          case ANNOUNCE -> map.with(Text.read(in), readNode(in));
          case MEMORY -> map.with(MemoryChange.read(in), layout);
          case REPLACE -> Replacement.read(in).applyTo(map);
          case DEAL -> map.with(MemoryDeal.read(in), layout);
          case APPLIED_LIMITS -> map.with(AppliedLimits.read(in));
          default -> throw new IllegalStateException("meta entry of unknown kind " + proposal[0]);
        };
    return map;
  }

  @Override
  public void appended(byte[] proposal) {}

  @Override
  public byte[] newTermProposal() {
    return new byte[] {NEW_TERM};
  }

  /** How many changes it has seen; those of its replicas are not compared. */
  @Override
  public long digest() {
    return map.epoch();
  }

  @Override
  public long logicalBytes() {
    return 0;
  }

  @Override
  public FrozenView freeze(int mostChunkBytes) {
    return FrozenView.of(map.encode());
  }

  @Override
  public SnapshotShadow beginInstall() {
    return new SnapshotShadow() {
      private @Nullable ClusterMap read;

      @Override
      public void add(byte[] chunk) {
        read = ClusterMap.decode(chunk);
      }

      @Override
      public void replaceState() {
        map = Objects.requireNonNull(read);
      }
    };
  }
}
