package io.shardwell.raftgroup.routing;

import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Slots;

/** What a client reads when a command could not be brought to a leader and back. */
final class RoutingErrors {

  /** For a command that certainly had no effect. */
  static Reply noLeader(int shard, Invocation invocation) {
    return noLeader(shard, invocation, "");
  }

  /** As above, with what this node knows about the reason: a clause, or nothing. */
  static Reply noLeader(int shard, Invocation invocation, String why) {
    String what =
        invocation.keys().isEmpty()
            ? "shard " + shard
            : "slot " + Slots.of(invocation.keys().get(0));
    return new Reply.Failure("CLUSTERDOWN No leader for " + what + why);
  }

  /**
   * For a write that may have taken effect, or may still, but not after any later command of this
   * node's session with the shard.
   */
  static final Reply INDETERMINATE =
      new Reply.Failure("INDETERMINATE The write may or may not have been applied");

  /**
   * For a write that was executed, but whose reply was lost with a link or a leader. It may have
   * changed nothing: SET NX of a key that was there, an EXEC whose watched key had changed.
   */
  static final Reply REPLY_LOST =
      new Reply.Failure(
          "INDETERMINATE The command was executed, but its reply was lost, and with it whether it"
              + " changed anything");

  /** For a write split over shards of which a part was applied, or may have been, or may still. */
  static final Reply PARTS_INDETERMINATE =
      new Reply.Failure(
          "INDETERMINATE The write was split over shards: each part of it may or may not have been"
              + " applied");

  /** For a command that certainly had no effect. */
  static Reply queueFull(int shard) {
    return new Reply.Failure(
        "TRYAGAIN More than "
            + ShardQueue.MAX_COMMANDS
            + " commands or "
            + ShardQueue.MAX_BYTES
            + " bytes wait for shard "
            + shard
            + " on this node");
  }

  /** Whether a client may repeat a write on the strength of this reply: it had no effect. */
  static boolean promisesNoEffect(Reply part) {
    return part instanceof Reply.Failure failure
        && (failure.text().startsWith("CLUSTERDOWN ") || failure.text().startsWith("TRYAGAIN "));
  }

  /** Whether a write was answered without its reply, and perhaps without its fate, being known. */
  static boolean isIndeterminate(Reply part) {
    return part instanceof Reply.Failure failure && failure.text().startsWith("INDETERMINATE ");
  }

  private RoutingErrors() {}
}
