package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Shows that a command which breaks does nothing, stops nobody and leaves its mark: calls with too
 * few arguments, which only a broken sender can put into a batch.
 */
class PoisonTest {
  private static final Invocation BROKEN = new Invocation(Command.SET, new byte[][] {{'k'}});

  @Test
  void aBrokenCommandIsAnsweredAndTheOthersGoOn() {
    Shard shard = new Shard();
    List<Reply> replies =
        shard.write(List.of(Shard.call("SET", "a", "1"), BROKEN, Shard.call("SET", "b", "2")));
    assertThat(replies).containsExactly(Reply.OK, new Reply.Failure("ERR internal"), Reply.OK);
    assertThat(shard.read("MGET", "a", "k", "b"))
        .isEqualTo(new Reply.Array(List.of(Reply.Bulk.of("1"), Reply.NIL, Reply.Bulk.of("2"))));
    assertThat(shard.state.stats().poisonedCommands()).isEqualTo(1);
    ShardState restored = new ShardState();
    restored.installSnapshot(shard.state.takeSnapshot());
    assertThat(restored.digest()).isEqualTo(shard.state.digest());
    assertThat(restored.stats()).isEqualTo(shard.state.stats());
  }

  @Test
  void theMarkTellsReplicasApart() {
    // The same replies and the same keys, but only one of them has failed.
    Shard one = new Shard();
    Shard other = new Shard();
    one.write(List.of(BROKEN));
    other.write(List.of(Shard.call("GET", "nothing")));
    assertThat(one.state.stats().keys()).isEqualTo(other.state.stats().keys());
    assertThat(one.state.digest()).isNotEqualTo(other.state.digest());
  }

  @Test
  void aBrokenReadIsAnsweredAndChangesNothing() {
    Shard shard = new Shard();
    long before = shard.state.digest();
    Invocation broken = new Invocation(Command.GET, new byte[0][]);
    assertThat(shard.state.read(broken, 1)).isEqualTo(new Reply.Failure("ERR internal"));
    assertThat(shard.state.digest()).isEqualTo(before);
    assertThatThrownBy(() -> shard.state.read(Shard.call("DEL", "a"), 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void oversizedArgumentsInABatchAreRefusedThereToo() {
    Shard shard = new Shard();
    byte[] key = new byte[Limits.MAX_KEY_BYTES + 1];
    Invocation call = new Invocation(Command.SET, new byte[][] {key, {'v'}});
    assertThat(shard.write(List.of(call))).containsExactly(Failures.KEY_TOO_LARGE);
    assertThat(shard.state.stats().poisonedCommands()).isZero();
  }

  @Test
  void bytesOfAnUnknownKindAreABrokenInvariant() {
    ShardState state = new ShardState();
    byte[] entry = Proposal.tick(1);
    entry[0] = 99;
    assertThatThrownBy(() -> state.apply(1, entry)).isInstanceOf(MalformedBytesException.class);
  }
}
