package io.shardwell.jepsen.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shows that transactions are atomic and happen once: tellers on all nodes move money between a
 * bank's accounts by WATCH, MULTI and EXEC, while one node after the other is killed (SIGKILL) and
 * started again. Every view of all accounts, in a transaction of its own, must have the same total;
 * no account may be below zero; each teller's receipts, written with the transfer, must be as many
 * as it has been told; and no teller may be refused before the promised wait while its own node
 * lives.
 */
class TransferTest {
  private static final int NODES = 3;
  private static final int SHARDS = 3;
  private static final int BANKS = 3;
  private static final int TELLERS_PER_NODE = 4;
  private static final int READY_SECONDS = 60;

  private final Queue<String> problems = new ConcurrentLinkedQueue<>();

  @Test
  @Timeout(240)
  void noMoneyIsLostOrMade(@TempDir Path directory) throws IOException, InterruptedException {
    transferFor(10, directory);
  }

  @Tag("chaos")
  @Test
  @Timeout(600)
  void noMoneyIsLostOrMadeForThreeMinutes(@TempDir Path directory)
      throws IOException, InterruptedException {
    transferFor(180, directory);
  }

  private void transferFor(int seconds, Path directory) throws IOException, InterruptedException {
    try (ServerProcesses servers =
        new ServerProcesses(directory, NODES, SHARDS, new LoopbackNetwork(NODES))) {
      servers.startAll();
      assertThat(servers.awaitReady(READY_SECONDS)).as(servers::logs).isTrue();
      for (int bank = 0; bank < BANKS; bank++) {
        Teller.open(servers.clients(0), bank);
      }
      KillsInTurn kills = new KillsInTurn(servers);
      List<Teller> tellers = new ArrayList<>();
      for (int i = 0; i < NODES * TELLERS_PER_NODE; i++) {
        int node = i % NODES;
        tellers.add(
            new Teller(i, i % BANKS, servers.clients(node), () -> kills.deaths(node), problems));
      }
      tellers.forEach(Thread::start);
      int killed =
          kills.go(
              seconds,
              problems::isEmpty,
              () -> assertThat(servers.awaitReady(READY_SECONDS)).as(servers::logs).isTrue());
      for (Teller teller : tellers) {
        teller.finish();
      }
      long done = tellers.stream().mapToLong(Teller::done).sum();
      long conflicts = tellers.stream().mapToLong(Teller::conflicts).sum();
      long views = tellers.stream().mapToLong(Teller::views).sum();
      System.out.printf(
          "transfers: %d done, %d given up for a changed account, %d views, %d kills%n",
          done, conflicts, views, killed);
      assertThat(problems).as(servers::logs).isEmpty();
      tellers.forEach(teller -> teller.checkReceipts(servers.clients(0)));
      assertThat(problems).isEmpty();
      assertThat(done).isPositive();
      assertThat(conflicts).as("transfers that met another").isPositive();
    }
  }
}
