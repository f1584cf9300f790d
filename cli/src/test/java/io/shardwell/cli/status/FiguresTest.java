package io.shardwell.cli.status;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Shows how quantities are written, at the borders between units. */
class FiguresTest {

  @Test
  void bytes() {
    assertThat(Figures.bytes(0)).isEqualTo("0 B");
    assertThat(Figures.bytes(1023)).isEqualTo("1023 B");
    assertThat(Figures.bytes(1536)).isEqualTo("1.5 KiB");
    assertThat(Figures.bytes(64L << 20)).isEqualTo("64.0 MiB");
    assertThat(Figures.bytes(Long.MAX_VALUE)).isEqualTo("8388608.0 TiB");
  }

  @Test
  void durations() {
    assertThat(Figures.duration(999)).isEqualTo("0s");
    assertThat(Figures.duration(59_999)).isEqualTo("59s");
    assertThat(Figures.duration(65_000)).isEqualTo("1m 5s");
    assertThat(Figures.duration(3_600_000 + 20 * 60_000)).isEqualTo("1h 20m");
    assertThat(Figures.duration(98L * 3_600_000)).isEqualTo("4d 2h");
  }
}
