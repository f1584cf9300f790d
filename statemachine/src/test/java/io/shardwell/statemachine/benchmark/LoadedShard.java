package io.shardwell.statemachine.benchmark;

import io.shardwell.statemachine.BatchBuilder;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Outcome;
import io.shardwell.statemachine.Proposal;
import io.shardwell.statemachine.SessionKey;
import io.shardwell.statemachine.ShardState;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A shard with the keys key:00000000 and so on, written in batches as log entries bring them. */
final class LoadedShard {
  private static final SessionKey SESSION = new SessionKey("n1", 1, 1);
  private static final long LOG_TIME = 1_000_000;
  private static final int BATCH = 50;

  private final ShardState state = new ShardState();
  private final SplittableRandom random = new SplittableRandom(1);
  private final int keys;
  private final int valueBytes;
  private long index;

  LoadedShard(int keys, int valueBytes) {
    this.keys = keys;
    this.valueBytes = valueBytes;
    for (int first = 0; first < keys; first += BATCH) {
      List<Invocation> calls = new ArrayList<>();
      for (int key = first; key < Math.min(keys, first + BATCH); key++) {
        calls.add(Invocation.of(Command.SET, Keys.loaded(key), value()));
      }
      apply(calls);
    }
  }

  ShardState state() {
    return state;
  }

  /** Overwrites 50 keys and reads as many, drawn evenly. */
  void work() {
    List<Invocation> calls = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      calls.add(Invocation.of(Command.SET, Keys.loaded(random.nextInt(keys)), value()));
      var unused =
          state.read(Invocation.of(Command.GET, Keys.loaded(random.nextInt(keys))), LOG_TIME);
    }
    apply(calls);
  }

  private void apply(List<Invocation> calls) {
    BatchBuilder batch = new BatchBuilder();
    calls.forEach(batch::add);
    index++;
    Outcome outcome =
        state.apply(index, Proposal.batch(LOG_TIME, batch.build(SESSION, index, index - 1)));
    if (!(outcome instanceof Outcome.Applied)) {
      throw new IllegalStateException(outcome.toString());
    }
  }

  private byte[] value() {
    byte[] value = new byte[valueBytes];
    for (int i = 0; i < valueBytes; i++) {
      value[i] = (byte) ('a' + random.nextInt(26));
    }
    return value;
  }
}
