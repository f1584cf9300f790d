package io.shardwell.raftgroup.routing;

import java.util.ArrayDeque;
import java.util.List;

/** What waits on this node to leave for one shard: its writes, or its reads. Loop thread only. */
final class ShardQueue {

  /** Commands that may wait. */
  static final int MAX_COMMANDS = 1 << 16;

  /** Bytes of their arguments, beyond which the next command is turned away. */
  static final long MAX_BYTES = 64L << 20;

  private final int shard;
  private final ArrayDeque<Pending> commands = new ArrayDeque<>();
  // Invariant: the encoded bytes of all commands in the queue.
  private long bytes;

  ShardQueue(int shard) {
    this.shard = shard;
  }

  boolean isEmpty() {
    return commands.isEmpty();
  }

  /** Adds a command at the end, or turns it away if too much waits already. */
  void add(Pending command) {
    if (commands.size() >= MAX_COMMANDS || bytes >= MAX_BYTES) {
      command.turnAway(RoutingErrors.queueFull(shard));
      return;
    }
    commands.add(command);
    bytes += command.invocation().encodedBytes();
  }

  /** The command that waits longest; there must be one. */
  Pending first() {
    return commands.element();
  }

  /** Takes the command that waits longest; there must be one. */
  Pending remove() {
    Pending first = commands.remove();
    bytes -= first.invocation().encodedBytes();
    assert bytes >= 0 : bytes;
    return first;
  }

  /** Puts commands that have left back before all others, in their order; none is turned away. */
  void putBack(List<Pending> left) {
    for (int i = left.size() - 1; i >= 0; i--) {
      commands.addFirst(left.get(i));
      bytes += left.get(i).invocation().encodedBytes();
    }
  }

  /** Fails those whose clients have waited for a leader long enough. */
  void endPatience(Patience patience, long lastAnswerNanos, LeaderDirectory leaders) {
    while (!isEmpty() && patience.isOver(first().deadlineNanos(), lastAnswerNanos)) {
      Pending late = remove();
      late.turnAway(RoutingErrors.noLeader(shard, late.invocation(), leaders.whyNone()));
    }
  }
}
