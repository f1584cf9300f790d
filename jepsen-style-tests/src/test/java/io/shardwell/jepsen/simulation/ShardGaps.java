package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.ClientSession;
import io.shardwell.raftgroup.Engine;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Slots;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;

/**
 * Writers that write to each shard through each of some nodes, one value after the other, and the
 * longest time that passed between two acknowledged writes of the same shard.
 */
final class ShardGaps {
  /** Rest of a writer between an answer and its next write, at most; a gap is at least that. */
  private static final long THINK = 6 * VirtualTime.MILLI;

  /** Rest after a refusal. */
  private static final long REST = 10 * VirtualTime.MILLI;

  private final SimulatedCluster cluster;
  private final int shards;
  private final Random random;

  // By shard: when the last write was acknowledged, and the longest time between two.
  private final long[] last;
  private final long[] longest;

  ShardGaps(SimulatedCluster cluster, List<SimulatedMachine> through) {
    this(cluster, through, key -> Invocation.of(Command.SET, key, new byte[100]));
  }

  /** The same of another command, such as one that only reads. */
  ShardGaps(
      SimulatedCluster cluster,
      List<SimulatedMachine> through,
      Function<byte[], Invocation> command) {
    this.cluster = cluster;
    this.shards = cluster.scenario().shards();
    this.random = cluster.nextRandom();
    this.last = new long[shards];
    this.longest = new long[shards];
    forget();
    for (int shard = 0; shard < shards; shard++) {
      byte[] key = keyIn(shard);
      for (SimulatedMachine machine : through) {
        new Writer(Objects.requireNonNull(machine.process()), shard, command.apply(key)).begin();
      }
    }
  }

  private byte[] keyIn(int shard) {
    for (int i = 0; ; i++) {
      byte[] key = ("gap" + i).getBytes(StandardCharsets.UTF_8);
      if (Slots.shardOf(Slots.of(key), shards) == shard) {
        return key;
      }
    }
  }

  /** From now on. */
  void forget() {
    Arrays.fill(last, cluster.time().now());
    Arrays.fill(longest, 0);
  }

  /** The longest gap of a shard since {@link #forget}, in nanoseconds; open ones count. */
  long longest(int shard) {
    return Math.max(longest[shard], cluster.time().now() - last[shard]);
  }

  /** Of the worst shard. */
  long longest() {
    long worst = 0;
    for (int shard = 0; shard < shards; shard++) {
      worst = Math.max(worst, longest(shard));
    }
    return worst;
  }

  private void acknowledged(int shard) {
    long now = cluster.time().now();
    longest[shard] = Math.max(longest[shard], now - last[shard]);
    last[shard] = now;
  }

  private final class Writer {
    private final SimulatedProcess process;
    private final int shard;
    private final Invocation command;
    private final ClientSession session;

    Writer(SimulatedProcess process, int shard, Invocation command) {
      this.process = process;
      this.shard = shard;
      this.command = command;
      Engine engine = Objects.requireNonNull(process.engine());
      this.session = engine.openSession();
    }

    void begin() {
      cluster.time().after(random.nextLong(THINK), this::write);
    }

    private void write() {
      if (process.isAlive()) {
        process.execute(() -> session.submit(command, this::answered));
      }
    }

    private void answered(Reply reply) {
      boolean refused = reply instanceof Reply.Failure;
      if (!refused) {
        acknowledged(shard);
      }
      cluster.time().after(refused ? REST : random.nextLong(THINK), this::write);
    }
  }
}
