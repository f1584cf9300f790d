package io.shardwell.raftgroup.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.VirtualLoop;
import io.shardwell.storage.MemoryDisk;
import io.shardwell.storage.NodeStorage;
import io.shardwell.storage.StorageLimits;
import java.io.IOException;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Shows that no two lives of a node number their writes alike. */
class NodeIdentityTest {

  private final VirtualLoop loop = new VirtualLoop();
  private MemoryDisk disk =
      new MemoryDisk(this::schedule, new Random(1), new MemoryDisk.Behaviour());

  private void schedule(Runnable task, long delayNanos) {
    var unused = loop.schedule(task, delayNanos);
  }

  private long startAt(long wallClockMillis) throws IOException {
    NodeStorage storage = NodeStorage.open(disk, StorageLimits.SMALL, NodeIdentityTest::fault);
    NodeIdentity identity =
        NodeIdentity.begin(storage, new Random(1), () -> wallClockMillis, NodeIdentityTest::fault);
    disk = disk.crashProcess(this::schedule);
    return identity.metadata().bootNumber();
  }

  private static void fault(String what, @Nullable Throwable cause) {
    throw new AssertionError(what, cause);
  }

  @Test
  void everyStartHasALargerNumberWhateverTheClockShows() throws IOException {
    long first = startAt(5_000);
    long second = startAt(5_000);
    long third = startAt(1_000);
    assertThat(second).isGreaterThan(first);
    assertThat(third).isGreaterThan(second);
    assertThat(startAt(9_000)).isGreaterThan(third);
  }

  @Test
  void aNumberCanBeAskedForThatExceedsAnother() throws IOException {
    NodeStorage storage = NodeStorage.open(disk, StorageLimits.SMALL, NodeIdentityTest::fault);
    NodeIdentity identity =
        NodeIdentity.begin(storage, new Random(1), () -> 1_000, NodeIdentityTest::fault);
    identity.nextBoot(9_000, boot -> {});
    assertThat(identity.metadata().bootNumber()).isEqualTo(9_001);
    identity.nextBoot(0, boot -> {});
    assertThat(identity.metadata().bootNumber()).isEqualTo(9_002);
  }

  /** Against all advice: the shards would take its writes for writes they have answered. */
  @Test
  void anOlderCopyOfTheDirectoryDoesNotUseANumberAgain() throws IOException {
    long before = startAt(5_000);
    MemoryDisk copy = disk.copy(this::schedule);
    long last = startAt(6_000);
    last = Math.max(last, startAt(7_000));
    disk = copy;
    assertThat(startAt(8_000)).isGreaterThan(last).isGreaterThan(before);
  }
}
