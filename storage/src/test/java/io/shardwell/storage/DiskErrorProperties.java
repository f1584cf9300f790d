package io.shardwell.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.storage.MemoryDisk.Operation;
import java.io.IOException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/**
 * After the first I/O error exactly one fault is reported, nothing becomes durable or completes any
 * more, and what was durable is there after the restart: an error of any step at a random time,
 * once or for good, or a full disk.
 */
final class DiskErrorProperties {
  private static final Operation[] FAILING = {
    Operation.WRITE, Operation.SYNC, Operation.RENAME, Operation.SYNC_FOLDER, Operation.OPEN,
  };

  @Property(tries = 500, shrinking = ShrinkingMode.OFF)
  void failsOnceAndStaysStopped(@ForAll long seed) throws IOException {
    RandomNode node = new RandomNode(seed);
    for (int life = 0; life < 4; life++) {
      node.steps(node.random.nextInt(100));
      Operation operation = FAILING[node.random.nextInt(FAILING.length)];
      switch (node.random.nextInt(3)) {
        case 0 -> node.disk.behaviour().failNext(operation);
        case 1 -> node.disk.behaviour().failAlways(operation);
        default -> {
          long used = Long.MAX_VALUE - node.disk.freeBytes();
          node.disk.behaviour().capacityBytes(used + node.random.nextInt(2000));
        }
      }
      node.steps(200);
      if (!node.faults.isEmpty()) {
        assertThat(node.faults).hasSize(1);
        long synced = node.storage.log().syncedPosition();
        node.disk.behaviour().heal();
        node.settle();
        assertThat(node.storage.log().syncedPosition()).isEqualTo(synced);
        assertThat(node.storage.log().startSync()).isFalse();
        assertThat(node.faults).hasSize(1);
        node.faults.clear();
      }
      node.crashAndRecover();
    }
  }
}
