package io.shardwell.raftgroup;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.storage.MemoryDisk;
import io.shardwell.storage.NodeStorage;
import io.shardwell.storage.SharedLog;
import io.shardwell.storage.StorageLimits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** When the log's buffer goes to a simulated disk, and what a node learns of that disk. */
class GroupCommitTest {
  private static final long SYNC_MILLIS = 3;

  private final List<String> faults = new ArrayList<>();
  private final VirtualLoop loop = new VirtualLoop();
  private final MemoryDisk.Behaviour disk = new MemoryDisk.Behaviour();
  private final SharedLog log = open();
  private final GroupCommit commit = new GroupCommit(loop, log, () -> {});

  private SharedLog open() {
    try {
      SharedLog opened =
          NodeStorage.open(
                  new MemoryDisk(
                      (task, nanos) -> {
                        EventLoop.Timer unused = loop.schedule(task, nanos);
                      },
                      new Random(1),
                      disk),
                  StorageLimits.SMALL,
                  (what, cause) -> faults.add(what + ": " + cause))
              .log();
      long nanos = TimeUnit.MILLISECONDS.toNanos(SYNC_MILLIS);
      disk.latency(nanos, nanos);
      return opened;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatGathersWhileTheDiskWorksGoesWithTheNextSync() {
    append(1);
    commit.endTurn();
    append(2);
    commit.endTurn();
    assertThat(commit.isDone()).isFalse();
    loop.run(SYNC_MILLIS);
    assertThat(log.hasUnsynced()).isTrue();
    commit.endTurn();
    loop.run(400);
    assertThat(commit.isDone()).isTrue();
    assertThat(faults).isEmpty();
  }

  /**
   * The mark of an idle log was taken for a sync that had begun with the last one: the disk seemed
   * to need as long as nothing had been written, and elections waited for eight times that.
   */
  @Test
  void theMarkOfAnIdleLogTakesNoLongerThanTheDisk() {
    append(1);
    commit.endTurn();
    loop.run(400);
    commit.markIdle();
    loop.run(400);
    assertThat(commit.isDone()).isTrue();
    assertThat(commit.slowestSyncMillis()).isEqualTo(SYNC_MILLIS);
    assertThat(faults).isEmpty();
  }

  private void append(long index) {
    log.replica(1).appendEntry(index, 1, new byte[] {1});
  }
}
