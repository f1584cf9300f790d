package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Shows what a session remembers at its limits. */
class SessionTest {
  private final Shard shard = new Shard();

  @Test
  void repliesThatAreTooLargeAreForgottenButNotRepeated() {
    shard.write("SET", "big", "x".repeat(Limits.MAX_REMEMBERED_REPLY_BYTES));
    byte[] batch = Shard.batch(shard.stamp, 2, 1, List.of(Shard.call("GETDEL", "big")));
    Outcome first = shard.state.apply(++shard.index, batch);
    assertThat(first).isInstanceOf(Outcome.Applied.class);
    assertThat(((Outcome.Applied) first).replies()).hasSizeGreaterThan(65_536);
    assertThat(shard.state.apply(++shard.index, batch)).isEqualTo(new Outcome.RepliesGone());
    ShardState restored = new ShardState();
    restored.installSnapshot(shard.state.takeSnapshot());
    assertThat(restored.apply(++shard.index, batch)).isEqualTo(new Outcome.RepliesGone());
  }

  @Test
  void aNodeThatNeverAcknowledgesCostsABoundedMemory() {
    for (int i = 1; i <= 1000; i++) {
      List<Invocation> calls = List.of(Shard.call("INCR", "n"));
      shard.state.apply(i, Shard.batch(1, i, 0, calls));
    }
    byte[] oldest = Shard.batch(1, 1000 - Limits.MAX_REMEMBERED_BATCHES + 1, 0, List.of());
    byte[] forgotten = Shard.batch(1, 1000 - Limits.MAX_REMEMBERED_BATCHES, 0, List.of());
    assertThat(shard.state.apply(1001, oldest)).isInstanceOf(Outcome.Repeated.class);
    assertThat(shard.state.apply(1002, forgotten)).isEqualTo(new Outcome.RepliesGone());
  }

  @Test
  void whicheverCopyComesFirstWins() {
    byte[] full = Shard.batch(1, 1, 0, List.of(Shard.call("SET", "k", "v")));
    byte[] empty = Proposal.batch(1, BatchBuilder.empty(Shard.SESSION, 1, 0));
    assertThat(shard.state.apply(1, empty)).isInstanceOf(Outcome.Applied.class);
    Outcome late = shard.state.apply(2, full);
    assertThat(late).isEqualTo(new Outcome.Repeated(ReplyCodec.encode(List.of())));
    assertThat(shard.read("GET", "k")).isEqualTo(Reply.NIL);
  }

  @Test
  void refusedBatchesStillMoveLogTime() {
    byte[] gap = Shard.batch(5_000, 9, 0, List.of(Shard.call("SET", "k", "v")));
    assertThat(shard.state.apply(1, gap)).isEqualTo(new Outcome.SessionUnknown());
    assertThat(shard.state.logTimeMillis()).isEqualTo(5_000);
    assertThat(shard.state.stats().keys()).isZero();
  }
}
