package io.shardwell.raftgroup.cluster;

import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Other limits for some shards, as they travel in `meta`'s log.
 *
 * @param baseRevision the latest revision of a limit when this was made: a deal that others have
 *     overtaken is void
 * @param grants by shard, the bytes of its new limit
 */
record MemoryDeal(long baseRevision, SortedMap<Integer, Long> grants) {

  MemoryDeal {
    grants = Collections.unmodifiableSortedMap(new TreeMap<>(grants));
  }

  void write(Output out) {
    out.writeVarLong(baseRevision, true);
    writeByShard(out, grants);
  }

  static MemoryDeal read(Input in) {
    return new MemoryDeal(in.readVarLong(true), readByShard(in));
  }

  static void writeByShard(Output out, SortedMap<Integer, Long> numbers) {
    out.writeVarInt(numbers.size(), true);
    for (Map.Entry<Integer, Long> each : numbers.entrySet()) {
      out.writeVarInt(each.getKey(), true);
      out.writeVarLong(each.getValue(), true);
    }
  }

  static SortedMap<Integer, Long> readByShard(Input in) {
    SortedMap<Integer, Long> numbers = new TreeMap<>();
    for (int i = in.readVarInt(true); i > 0; i--) {
      numbers.put(in.readVarInt(true), in.readVarLong(true));
    }
    return numbers;
  }
}
