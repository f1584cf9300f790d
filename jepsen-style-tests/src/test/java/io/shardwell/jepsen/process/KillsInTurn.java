package io.shardwell.jepsen.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.BooleanSupplier;

/** SIGKILL for one node after the other, and a start at once: the next when all have settled. */
final class KillsInTurn {
  private static final int READY_SECONDS = 60;

  private final ServerProcesses servers;
  // By node; odd while it is dead.
  private final AtomicIntegerArray deaths;

  KillsInTurn(ServerProcesses servers) {
    this.servers = servers;
    this.deaths = new AtomicIntegerArray(servers.count());
  }

  /** When the cluster can bear the next death. */
  interface Settled {
    void await() throws IOException, InterruptedException;
  }

  /** Counts up each time the node is killed, before it is; odd from then on until it is back. */
  int deaths(int node) {
    return deaths.get(node);
  }

  /** At least one, for so many seconds while all is well; returns how many. */
  int go(int seconds, BooleanSupplier isWell, Settled settled)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    int kills = 0;
    do {
      int victim = kills++ % servers.count();
      deaths.incrementAndGet(victim);
      servers.kill(victim);
      servers.start(victim);
      assertThat(servers.awaitReadiness(victim, true, READY_SECONDS)).as(servers::logs).isTrue();
      deaths.incrementAndGet(victim);
      settled.await();
    } while (System.nanoTime() < end && isWell.getAsBoolean());
    return kills;
  }
}
