package io.shardwell.statemachine;

import java.util.List;

/** A shard under test that speaks in words: counts indexes and batch numbers, and keeps a clock. */
final class Shard {
  static final SessionKey SESSION = new SessionKey("n1", 7, 1);

  final ShardState state = new ShardState();
  long index;
  long sequence;
  long stamp = 1_000_000;

  static Invocation call(String... words) {
    return call(List.of(words));
  }

  static Invocation call(List<String> words) {
    Invocation.Parsed parsed = Invocation.parse(NaiveStore.words(words));
    if (parsed instanceof Invocation.Ok ok) {
      return ok.invocation();
    }
    throw new AssertionError(words + ": " + parsed);
  }

  static byte[] batch(long stamp, long sequence, long acknowledged, List<Invocation> calls) {
    BatchBuilder batch = new BatchBuilder();
    calls.forEach(batch::add);
    return Proposal.batch(stamp, batch.build(SESSION, sequence, acknowledged));
  }

  /** Applies some calls as one entry; all earlier replies are acknowledged. */
  List<Reply> write(List<Invocation> calls) {
    sequence++;
    Outcome outcome = state.apply(++index, batch(stamp, sequence, sequence - 1, calls));
    if (outcome instanceof Outcome.Applied applied) {
      return ReplyCodec.decode(applied.replies());
    }
    throw new AssertionError(outcome);
  }

  Reply write(String... words) {
    return write(List.of(call(words))).get(0);
  }

  Reply read(String... words) {
    return state.read(call(words), stamp);
  }

  /** Lets time pass and says so to the shard. */
  void tick(long millis) {
    stamp += millis;
    state.apply(++index, Proposal.tick(stamp));
  }
}
