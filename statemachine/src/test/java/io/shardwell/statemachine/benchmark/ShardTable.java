package io.shardwell.statemachine.benchmark;

import io.shardwell.statemachine.BatchBuilder;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Outcome;
import io.shardwell.statemachine.Proposal;
import io.shardwell.statemachine.SessionKey;
import io.shardwell.statemachine.ShardState;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.infra.Blackhole;

/**
 * A shard: writes as a replica does them, one log entry from its bytes to the remembered replies;
 * reads as a leader does them once it may.
 */
final class ShardTable implements Table {
  private static final SessionKey SESSION = new SessionKey("n1", 1, 1);
  private static final long LOG_TIME = 1_000_000;

  private final ShardState state = new ShardState();
  private final SplittableRandom random = new SplittableRandom(2);
  private final List<Invocation> loading = new ArrayList<>();
  private Invocation[] reads = {};
  private byte @Nullable [] entry;
  private long index;
  private long sequence;

  @Override
  public void load(Operation operation, byte[] key, byte[] value) {
    if (operation == Operation.EXPIRE) {
      loading.add(Invocation.of(Command.PSETEX, key, seconds(1_000_000), value));
    } else {
      loading.add(Invocation.of(Command.SET, key, value));
    }
    if (loading.size() == OperationsBenchmark.BATCH) {
      finishLoading();
    }
  }

  private void finishLoading() {
    if (!loading.isEmpty()) {
      expectApplied(state.apply(index + 1, encode(loading)));
      loading.clear();
    }
  }

  @Override
  public void prepare(Operation operation, byte[][] keys, byte[][] values) {
    finishLoading();
    Invocation[] calls = new Invocation[keys.length];
    for (int i = 0; i < keys.length; i++) {
      calls[i] =
          switch (operation) {
            case GET -> Invocation.of(Command.GET, keys[i]);
            case SET_OVERWRITE, SET_NEW -> Invocation.of(Command.SET, keys[i], values[i]);
            case INCR -> Invocation.of(Command.INCR, keys[i]);
            case EXPIRE -> Invocation.of(Command.EXPIRE, keys[i], seconds(100_000));
          };
    }
    if (operation == Operation.GET) {
      reads = calls;
    } else {
      entry = encode(List.of(calls));
    }
  }

  @Override
  public void run(Blackhole sink) {
    if (entry == null) {
      for (Invocation read : reads) {
        sink.consume(state.read(read, LOG_TIME));
      }
    } else {
      sink.consume(expectApplied(state.apply(index + 1, entry)));
    }
  }

  @Override
  public void remove(byte[][] keys) {
    expectApplied(state.apply(index + 1, encode(List.of(Invocation.of(Command.DEL, keys)))));
  }

  private byte[] seconds(int bound) {
    return Integer.toString(1000 + random.nextInt(bound)).getBytes(StandardCharsets.US_ASCII);
  }

  private byte[] encode(List<Invocation> calls) {
    BatchBuilder batch = new BatchBuilder();
    calls.forEach(batch::add);
    sequence++;
    return Proposal.batch(LOG_TIME, batch.build(SESSION, sequence, sequence - 1));
  }

  /** A refused batch would be a very fast one. */
  private Outcome expectApplied(Outcome outcome) {
    if (!(outcome instanceof Outcome.Applied)) {
      throw new IllegalStateException(outcome.toString());
    }
    index++;
    return outcome;
  }
}
