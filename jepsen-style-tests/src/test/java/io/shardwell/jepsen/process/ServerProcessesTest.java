package io.shardwell.jepsen.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shows that a process that ended by itself is told, even if it is killed, stopped or started again
 * afterwards, and one that was killed is not: a main class that ends at once, and one that stays.
 */
@Tag("chaos") // It starts processes.
class ServerProcessesTest {
  private static final int SECONDS = 60;

  /** Ends with a code of its own. */
  static final class Ends {
    private Ends() {}

    /** As a server's. */
    public static void main(String[] arguments) {
      System.exit(7);
    }
  }

  /** Stays until a signal ends it, with another code than 0. */
  static final class Stays {
    private Stays() {}

    /** As a server's. */
    public static void main(String[] arguments) throws InterruptedException {
      System.out.println("here");
      Thread.sleep(10L * SECONDS * 1_000);
    }
  }

  @Test
  void anEndOfItsOwnIsTold(@TempDir Path directory) throws IOException, InterruptedException {
    try (ServerProcesses servers =
        new ServerProcesses(directory, 3, 1, new LoopbackNetwork(3)).runBy(Ends.class)) {
      servers.startAll();
      while (servers.isAlive(0) || servers.isAlive(1) || servers.isAlive(2)) {
        Thread.sleep(10);
      }
      servers.kill(0);
      servers.stop(1);
      servers.start(2);
      assertThat(servers.awaitExit(2, SECONDS)).isEqualTo(7);
      assertThat(servers.unexplainedEnds())
          .containsExactly(
              "n1 had ended by itself before SIGKILL, exit code 7",
              "n2 had ended by itself before SIGTERM, exit code 7",
              "n3 had ended by itself before it was started again, exit code 7");
    }
  }

  @Test
  void aKillIsExplainedAndAStopMustEndWithZero(@TempDir Path directory)
      throws IOException, InterruptedException {
    try (ServerProcesses servers =
        new ServerProcesses(directory, 2, 1, new LoopbackNetwork(2)).runBy(Stays.class)) {
      servers.startAll();
      servers.kill(0);
      while (!servers.log(1).contains("here")) {
        Thread.sleep(10);
      }
      assertThat(servers.unexplainedEnds()).isEmpty();
      servers.stop(1);
      assertThat(servers.unexplainedEnds())
          .singleElement()
          .asString()
          .startsWith("n2 ended with 143, not 0");
    }
  }
}
