package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.Engine;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.Invocation;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Another client, in some runs only: it changes the nodes' memory budget now and then, and has keys
 * of its own that crowd in one shard and after a while in another, so that the shards' shares go
 * from one to the other. Nothing is evicted; what is refused for want of memory is refused.
 *
 * <p>Its randomness is its own, and it does nothing where it is not wanted: other runs are the same
 * with and without it.
 */
final class MemoryPressure {
  private static final int CROWDS = 6;
  private static final int KEYS_OF_A_CROWD = 24;
  private static final int MAX_VALUE_BYTES = 3_000;
  private static final long MIN_BUDGET = 40_000;
  private static final int BUDGETS = 160_000;

  private final SimulatedCluster cluster;
  private final Random random;
  private int crowd;
  private boolean stopped;

  MemoryPressure(SimulatedCluster cluster) {
    this.cluster = cluster;
    this.random = new Random(cluster.scenario().seed() * 37 + 11);
  }

  void start() {
    if (cluster.scenario().changesMemory()) {
      changeBudget();
      move();
      write();
    }
  }

  void stop() {
    stopped = true;
  }

  private void later(long nanos, Runnable task) {
    cluster
        .time()
        .after(
            nanos,
            () -> {
              if (!stopped) {
                task.run();
              }
            });
  }

  private void changeBudget() {
    long budget = random.nextInt(8) == 0 ? 0 : MIN_BUDGET + random.nextInt(BUDGETS);
    cluster.tell("the memory budget is to be " + budget);
    onSomeNode(
        engine -> engine.memoryChanges().change(budget, EvictionPolicy.NOEVICTION, decided -> {}));
    later(500 * VirtualTime.MILLI + random.nextLong(4 * VirtualTime.SECOND), this::changeBudget);
  }

  /** What was there goes, so that the shard needs less. */
  private void move() {
    List<byte[]> gone = new ArrayList<>();
    for (int i = 0; i < KEYS_OF_A_CROWD; i++) {
      gone.add(key(i));
    }
    submit(Invocation.of(Command.DEL, gone.toArray(byte[][]::new)));
    crowd = random.nextInt(CROWDS);
    later(VirtualTime.SECOND + random.nextLong(3 * VirtualTime.SECOND), this::move);
  }

  private void write() {
    byte[] value = new byte[random.nextInt(MAX_VALUE_BYTES)];
    submit(Invocation.of(Command.SET, key(random.nextInt(KEYS_OF_A_CROWD)), value));
    later(random.nextLong(60 * VirtualTime.MILLI), this::write);
  }

  private byte[] key(int number) {
    return ("{crowd" + crowd + "}" + number).getBytes(StandardCharsets.US_ASCII);
  }

  private void submit(Invocation invocation) {
    onSomeNode(engine -> engine.openSession().submit(invocation, reply -> {}));
  }

  private void onSomeNode(Consumer<Engine> task) {
    SimulatedMachine machine = cluster.machines().get(random.nextInt(cluster.machines().size()));
    SimulatedProcess process = machine.process();
    Engine engine = process == null || !process.isAlive() ? null : process.engine();
    if (process != null && engine != null) {
      process.execute(() -> task.accept(engine));
    }
  }
}
