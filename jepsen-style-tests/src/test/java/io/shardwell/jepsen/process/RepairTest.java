package io.shardwell.jepsen.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shows what an operator does about a rotten disk, with real processes under load through Jedis: a
 * bit of a killed node's log flips, the node refuses to start and says where, {@code data repair}
 * gives the directory up, and the node comes back with everything and a vote: the cluster bears the
 * loss of another. Then the disk of a third is lost as a whole. Every answer must be explained by
 * one store.
 */
class RepairTest {
  private static final int A = 0;
  private static final int B = 1;
  private static final int C = 2;

  /** Behind the first records of any log, far in front of the end of one that saw load. */
  private static final int OFFSET = 5_000;

  @Test
  @Timeout(240)
  void aNodeWithARottenLogFetchesEverythingAgain(@TempDir Path directory)
      throws IOException, InterruptedException {
    try (ServerProcesses servers = new ServerProcesses(directory, 3, 4, new LoopbackNetwork(3))) {
      servers.startAll();
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();
      Load load = new Load(servers);
      load.awaitAnswers(A, 300);

      servers.kill(C);
      flip(servers.data(C));
      servers.start(C);
      assertThat(servers.awaitExit(C, 30)).isNotZero();
      assertThat(servers.log(C)).contains("cannot start", "is damaged", "offset ", "log/");

      assertThat(shardwell(directory, "data", "verify", servers.data(C).toString())).isEqualTo(1);
      assertThat(shardwell(directory, "data", "repair", servers.data(C).toString())).isZero();
      servers.start(C);
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();

      servers.kill(A);
      load.awaitAnswers(C, 200);
      servers.start(A);
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();

      servers.kill(B);
      delete(servers.data(B));
      assertThat(shardwell(directory, "data", "repair", "--lost", servers.data(B).toString()))
          .isZero();
      servers.start(B);
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();
      servers.kill(C);
      load.awaitAnswers(B, 200);
      servers.start(C);
      assertThat(servers.awaitReady(60)).as(servers::logs).isTrue();

      assertThat(load.judge().operations()).isGreaterThan(500);
    }
  }

  private static void flip(Path data) throws IOException {
    Path segment;
    try (Stream<Path> files = Files.list(data.resolve("log"))) {
      segment = files.sorted().findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(segment);
    bytes[OFFSET] ^= 4;
    Files.write(segment, bytes);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static int shardwell(Path directory, String... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "io.shardwell.cli.Main"));
    command.addAll(List.of(arguments));
    File output = directory.resolve("shardwell.log").toFile();
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(output))
        .start()
        .waitFor();
  }
}
