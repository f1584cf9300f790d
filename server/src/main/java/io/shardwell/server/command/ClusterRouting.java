package io.shardwell.server.command;

import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.reads.FollowerReads;
import io.shardwell.raftgroup.routing.SlotOwners;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Slots;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the cluster face answers to a command that is not for this node. Loop thread only. */
final class ClusterRouting {

  private static final Reply CROSS_SLOT =
      new Reply.Failure("CROSSSLOT Keys in request don't hash to the same slot");

  private final SlotOwners owners;

  /** Null where there is no data. */
  private final @Nullable FollowerReads followers;

  ClusterRouting(SlotOwners owners, @Nullable FollowerReads followers) {
    this.owners = owners;
    this.followers = followers;
  }

  /**
   * Answers a command of a client of the cluster face that is not to be executed by the shard's
   * leader on its behalf: with MOVED or CROSSSLOT, or for a client that said READONLY from this
   * node's replica.
   *
   * @return whether the command is answered, or will be; else it is to be executed
   */
  boolean answers(ClientInfo client, Invocation invocation, Consumer<Reply> onReply) {
    Reply refusal = refusal(invocation);
    FollowerReads readers = followers;
    if (refusal == CROSS_SLOT
        || readers == null
        || !client.readOnly
        || !FollowerReads.serves(invocation)) {
      if (refusal != null) {
        onReply.accept(refusal);
      }
      return refusal != null;
    }
    if (refusal != null) {
      readers.read(invocation, reply -> onReply.accept(reply == null ? refusal : reply));
      return true;
    }
    // It is this node that leads, or nobody: then what is here may be new enough for a while.
    int shard = Slots.shardOf(Slots.of(invocation.keys().get(0)), owners.shards());
    Reply stale = owners.leaderlessMillis(shard) > 0 ? readers.readAtOnce(invocation) : null;
    if (stale != null) {
      onReply.accept(stale);
    }
    return stale != null;
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
