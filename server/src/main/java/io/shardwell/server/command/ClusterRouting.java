package io.shardwell.server.command;

import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.routing.SlotOwners;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Slots;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the cluster face answers to a command that is not for this node. Loop thread only. */
final class ClusterRouting {

  private static final Reply CROSS_SLOT =
      new Reply.Failure("CROSSSLOT Keys in request don't hash to the same slot");

  private final SlotOwners owners;

  ClusterRouting(SlotOwners owners) {
    this.owners = owners;
  }

  /** MOVED or CROSSSLOT; null if the command is to be executed here. */
  @Nullable Reply refusal(Invocation invocation) {
    List<byte[]> keys = invocation.keys();
    if (keys.isEmpty()) {
      return null;
    }
    int slot = Slots.of(keys.get(0));
    for (int i = 1; i < keys.size(); i++) {
      if (Slots.of(keys.get(i)) != slot) {
        return CROSS_SLOT;
      }
    }
    return moved(slot);
  }

  /** As {@link #refusal(Invocation)}, for a command of the server itself that reads one key. */
  @Nullable Reply moved(byte[] key) {
    return moved(Slots.of(key));
  }

  private @Nullable Reply moved(int slot) {
    ClientAddress there = owners.elsewhere(Slots.shardOf(slot, owners.shards()));
    return there == null
        ? null
        : new Reply.Failure("MOVED " + slot + " " + there.host() + ":" + there.clusterPort());
  }
}
