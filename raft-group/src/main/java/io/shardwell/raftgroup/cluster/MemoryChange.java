package io.shardwell.raftgroup.cluster;

import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.shardwell.raftgroup.wire.MalformedFrameException;
import io.shardwell.raftgroup.wire.Text;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.MemoryLimit;
import org.jspecify.annotations.Nullable;

/**
 * A change of the memory each node may use for data, as it travels to `meta`.
 *
 * @param nodeId who asks
 * @param incarnation of that node; one the map does not name is not heard
 * @param number grows with each change of this node. `meta` applies none that is not above the last
 *     one it applied of the same incarnation, so a change sent twice takes effect once
 * @param onlyIfUnset whether it is void if a value was ever set: what a node was started with
 * @param bytes the new budget of each node, 0 for none; null to leave it
 * @param policy null to leave it
 */
record MemoryChange(
    String nodeId,
    long incarnation,
    long number,
    boolean onlyIfUnset,
    @Nullable Long bytes,
    @Nullable EvictionPolicy policy) {

  private static final int KEEP = -1;

  void write(Output out) {
    Text.write(out, nodeId);
    out.writeLong(incarnation);
    out.writeVarLong(number, true);
    out.writeBoolean(onlyIfUnset);
    Long newBytes = bytes;
    out.writeLong(newBytes == null ? KEEP : newBytes);
    EvictionPolicy newPolicy = policy;
    out.writeByte(newPolicy == null ? KEEP : newPolicy.code());
  }

  /**
   * The opposite of {@link #write}.
   *
   * @throws MalformedFrameException if these are not a change's bytes
   */
  static MemoryChange read(Input in) {
    String nodeId = Text.read(in);
    long incarnation = in.readLong();
    long number = in.readVarLong(true);
    boolean onlyIfUnset = in.readBoolean();
    long bytes = in.readLong();
    int code = in.readByte();
    EvictionPolicy policy = EvictionPolicy.byCode(code);
    if (bytes < KEEP || (policy == null && code != KEEP)) {
      throw new MalformedFrameException("memory change to " + bytes + " bytes, policy " + code);
    }
    return new MemoryChange(
        nodeId, incarnation, number, onlyIfUnset, bytes == KEEP ? null : bytes, policy);
  }

  /**
   * What this makes of a setting.
   *
   * @param nextRevision above all that were given to settings or shares
   */
  MemoryLimit applyTo(MemoryLimit current, long nextRevision) {
    if (onlyIfUnset && current.revision() > 0) {
      return current;
    }
    Long newBytes = bytes;
    EvictionPolicy newPolicy = policy;
    return new MemoryLimit(
        nextRevision,
        newBytes == null ? current.bytes() : newBytes,
        newPolicy == null ? current.policy() : newPolicy);
  }
}
