package io.shardwell.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.statemachine.Slots;
import io.shardwell.statemachine.Transaction;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where a transaction's keys have to lie, as WATCH, MULTI and their ends follow each other. */
class TransactionQueueTest {

  private static final int SHARDS = 2;
  private static final byte[] HERE = {'a'};
  private static final byte[] THERE = elsewhere();

  private final TransactionQueue queue = new TransactionQueue(Face.SINGLE_IMAGE);

  /** Its shard had no leader. The next transaction of the connection was refused for nothing. */
  @Test
  void aWatchThatFailsTiesToNoShard() {
    assertThat(queue.admits(List.of(HERE), SHARDS)).isTrue();
    queue.watchFailed();
    assertThat(queue.admits(List.of(THERE), SHARDS)).isTrue();
  }

  @Test
  void whatWasWatchedBeforeStillTies() {
    assertThat(queue.admits(List.of(HERE), SHARDS)).isTrue();
    queue.watch(new Transaction.Watched(HERE, true, 1));
    assertThat(queue.admits(List.of(HERE), SHARDS)).isTrue();
    queue.watchFailed();
    assertThat(queue.admits(List.of(THERE), SHARDS)).isFalse();
    queue.unwatch();
    assertThat(queue.admits(List.of(THERE), SHARDS)).isTrue();
  }

  private static byte[] elsewhere() {
    for (byte letter = 'b'; letter <= 'z'; letter++) {
      byte[] key = {letter};
      if (Slots.shardOf(Slots.of(key), SHARDS) != Slots.shardOf(Slots.of(HERE), SHARDS)) {
        return key;
      }
    }
    throw new AssertionError("all letters are in one shard");
  }
}
