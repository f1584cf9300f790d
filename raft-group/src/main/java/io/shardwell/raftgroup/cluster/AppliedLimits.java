package io.shardwell.raftgroup.cluster;

import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.shardwell.raftgroup.wire.Text;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A node says, as it travels to `meta`, which memory limits its replicas have applied and have on
 * disk. It stays true for ever: a replica's limit never goes back to an earlier revision.
 *
 * @param incarnation of the node; one the map does not name is not heard
 * @param revisions by shard
 */
record AppliedLimits(String nodeId, long incarnation, SortedMap<Integer, Long> revisions) {

  AppliedLimits {
    revisions = Collections.unmodifiableSortedMap(new TreeMap<>(revisions));
  }

  void write(Output out) {
    Text.write(out, nodeId);
    out.writeLong(incarnation);
    MemoryDeal.writeByShard(out, revisions);
  }

  static AppliedLimits read(Input in) {
    return new AppliedLimits(Text.read(in), in.readLong(), MemoryDeal.readByShard(in));
  }
}
