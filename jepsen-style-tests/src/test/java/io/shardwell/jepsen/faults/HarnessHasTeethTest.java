package io.shardwell.jepsen.faults;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.shardwell.jepsen.planted.ForgetfulServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shows that a round under power cuts fails for servers that do not sync, as it must: a bug planted
 * in real processes. A mere SIGKILL would not tell, the kernel holds what was written.
 */
@Tag("chaos")
class HarnessHasTeethTest {

  @Test
  @Timeout(600)
  void serversThatNeverSyncAreCaught(@TempDir Path directory)
      throws IOException, InterruptedException {
    @Nullable Path library = Interposer.compile(directory);
    Assumptions.assumeTrue(library != null, "no C compiler");
    Round round =
        new Round(1, directory, EnumSet.of(FaultKind.POWER_CUT_ALL), new FaultFigures())
            .withServersOf(ForgetfulServer.class);
    assertThatThrownBy(() -> round.run(library))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("power-cut-all");
  }
}
