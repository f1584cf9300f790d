package io.shardwell.raftgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Settings that cannot work are refused where they are made. */
class TuningTest {

  /**
   * Found by simulation, seed 24810: hundreds of chunks of 100 bytes, a round trip each, and a
   * snapshot every 67 entries that ended each download.
   */
  @Test
  void chunksThatNoFollowerCouldFetchInTimeAreRefused() {
    Tuning often =
        Tuning.DEFAULT.but(
            tuning -> {
              tuning.commitCountToTakeSnapshot = 67;
              tuning.maxPendingEntries = 67;
            });
    int least = Tuning.leastChunkBytes(67);
    assertThat(67L * least).isGreaterThanOrEqualTo(Tuning.MIN_FETCHED_BYTES);
    Tuning small = often.but(tuning -> tuning.snapshotChunkBytes = least);
    assertThat(small.snapshotChunkBytes()).isEqualTo(least);
    assertThat(small.commitCountToTakeSnapshot()).isEqualTo(67);
    assertThatThrownBy(() -> often.but(tuning -> tuning.snapshotChunkBytes = least - 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("every 67 entries")
        .hasMessageContaining(least + " bytes");
  }

  @Test
  void theDefaultAllowsSmallChunks() {
    assertThat(Tuning.leastChunkBytes(Tuning.DEFAULT.commitCountToTakeSnapshot())).isEqualTo(1);
  }
}
