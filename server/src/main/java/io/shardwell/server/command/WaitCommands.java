package io.shardwell.server.command;

import io.shardwell.raftgroup.routing.SlotOwners;
import io.shardwell.server.protocol.Answer;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * WAIT and WAITAOF. Every write that was answered is on the disks of a majority of its shard's
 * replicas, and an answer to these two leaves after those of all earlier commands of its
 * connection: so there is nothing to wait for, and never more to promise.
 */
final class WaitCommands {

  private static final Answer TIMEOUT_NO_INTEGER =
      Answer.failure("ERR timeout is not an integer or out of range");
  private static final Answer TIMEOUT_NEGATIVE = Answer.failure("ERR timeout is negative");

  private final SlotOwners owners;
  private final boolean durable;

  /**
   * @param durable whether nodes keep what they are told on disks
   */
  WaitCommands(SlotOwners owners, boolean durable) {
    this.owners = owners;
    this.durable = durable;
  }

  /** The replicas besides one that a write is on for certain. */
  private long others() {
    return owners.replicas() / 2;
  }

  Answer waitForReplicas(Call call) {
    if (call.number(1).isEmpty()) {
      return Errors.NOT_AN_INTEGER;
    }
    Answer wrong = timeoutFailure(call, 2);
    return wrong == null ? Answer.integer(others()) : wrong;
  }

  Answer waitForDisks(Call call) {
    OptionalLong local = call.number(1);
    OptionalLong replicas = call.number(2);
    if (local.isEmpty() || replicas.isEmpty()) {
      return Errors.NOT_AN_INTEGER;
    }
    if (local.getAsLong() < 0 || local.getAsLong() > 1) {
      return Answer.failure("ERR value is out of range, value must between 0 and 1");
    }
    if (replicas.getAsLong() < 0) {
      return Answer.failure("ERR value is out of range, must be positive");
    }
    Answer wrong = timeoutFailure(call, 3);
    if (wrong != null) {
      return wrong;
    }
    if (local.getAsLong() > 0 && !durable) {
      return Answer.failure(
          "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
    }
    return Answer.items(Answer.integer(durable ? 1 : 0), Answer.integer(durable ? others() : 0));
  }

  private static @Nullable Answer timeoutFailure(Call call, int i) {
    OptionalLong timeout = call.number(i);
    if (timeout.isEmpty()) {
      return TIMEOUT_NO_INTEGER;
    }
    return timeout.getAsLong() < 0 ? TIMEOUT_NEGATIVE : null;
  }
}
