package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Shows that a seed is a whole run: the trace hash covers the time of every event and the content
 * of every frame, and is the same again in this JVM and in another one with other hash seeds.
 */
class DeterminismTest {
  private static final long SEED = 20_231_117;

  @Test
  void theSameSeedGivesTheSameTraceInTheSameJvm() {
    assertThat(trace()).isEqualTo(trace());
  }

  @Test
  @Timeout(120)
  void theSameSeedGivesTheSameTraceInAnotherJvm() throws IOException, InterruptedException {
    Process other =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-ea",
                    "-XX:+UnlockExperimentalVMOptions",
                    "-XX:hashCode=2",
                    "-cp",
                    System.getProperty("java.class.path"),
                    DeterminismTest.class.getName()))
            .redirectErrorStream(true)
            .start();
    String output = new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(other.waitFor()).as(output).isZero();
    assertThat(output.trim()).isEqualTo(trace());
  }

  @Test
  void anotherSeedGivesAnotherTrace() {
    assertThat(trace(SEED + 1)).isNotEqualTo(trace());
  }

  private static String trace() {
    return trace(SEED);
  }

  private static String trace(long seed) {
    return Long.toHexString(Run.of(Scenario.drawn(seed).withSeconds(8)).traceHash());
  }

  /** The other JVM's part. */
  public static void main(String[] arguments) {
    System.out.println(trace());
  }
}
