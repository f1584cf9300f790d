package io.shardwell.jepsen.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shows on a real file system what a full disk does to a real node: three servers under load
 * through Jedis, one with a small tmpfs that somebody else's file fills. It stands aside and says
 * so, serves its clients through the others, survives the last byte, comes back when the file is
 * gone; started on a full disk it says why it cannot, and nothing is damaged. Every answer must be
 * explained by one store. Skipped where tmpfs cannot be mounted (needs root on Linux).
 */
@Tag("chaos")
class DiskFullTest {
  private static final long DISK_BYTES = 320L << 20;
  private static final long MIN_FREE_BYTES = 64L << 20;

  /** More than a hand-over takes. */
  private static final long STANDING_ASIDE_MILLIS = 2_500;

  @Test
  @Timeout(240)
  void aNodeStandsAsideOnAFullDiskAndComesBack(@TempDir Path directory)
      throws IOException, InterruptedException {
    try (SmallDisk disk = new SmallDisk(directory.resolve("n1"), DISK_BYTES);
        ServerProcesses servers =
            new ServerProcesses(
                directory,
                3,
                4,
                new LoopbackNetwork(3),
                "--min-free-bytes",
                Long.toString(MIN_FREE_BYTES))) {
      Assumptions.assumeTrue(disk.isMounted(), "cannot mount a tmpfs: " + disk.refusal());
      servers.startAll();
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();
      Load load = new Load(servers);
      load.awaitAnswers(0, 100);

      disk.leaveFree(MIN_FREE_BYTES * 3 / 4);
      assertThat(servers.awaitReadiness(0, false, 10)).as(servers::logs).isTrue();
      assertThat(servers.readiness(0))
          .startsWith("503 not ready: disk: ")
          .contains("below min-free-bytes " + MIN_FREE_BYTES);
      Thread.sleep(STANDING_ASIDE_MILLIS);
      long free = disk.freeBytes();
      load.awaitAnswers(0, 200); // Forwarded.
      load.awaitAnswers(1, 200);
      assertThat(disk.freeBytes()).as("nothing grows").isGreaterThan(free - (1 << 20));

      disk.leaveFree(0);
      Thread.sleep(STANDING_ASIDE_MILLIS);
      assertThat(servers.isAlive(0)).as("it writes nothing, %s", servers.logs()).isTrue();

      disk.spaceAgain();
      assertThat(servers.awaitReadiness(0, true, 20)).as(servers::logs).isTrue();
      load.awaitAnswers(0, 50);

      // Started without any space it says so, and is none the worse for it.
      servers.kill(0);
      disk.leaveFree(0);
      servers.start(0);
      assertThat(servers.awaitExit(0, 30)).as(servers::logs).isOne();
      assertThat(servers.logs()).contains("cannot start: the disk is full: 0 bytes free");
      disk.spaceAgain();
      servers.start(0);
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();
      load.awaitAnswers(0, 50);

      // Started with too little it stands aside at once.
      servers.kill(0);
      disk.leaveFree(MIN_FREE_BYTES * 3 / 4);
      servers.start(0);
      assertThat(awaitText(servers, "503 not ready: disk: ")).as(servers::logs).isTrue();
      disk.spaceAgain();
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();

      assertThat(load.judge().operations()).isGreaterThan(500);
    }
  }

  private static boolean awaitText(ServerProcesses servers, String text)
      throws InterruptedException {
    for (int i = 0; i < 300; i++) {
      if (servers.readiness(0).startsWith(text)) {
        return true;
      }
      Thread.sleep(100);
    }
    return false;
  }
}
