package io.shardwell.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Shows that the share is that of the latest 1.6 s, by telling the times and the CPU used. */
class LoopLoadTest {

  private static final long SAMPLE = 100_000_000L;

  private final LoopLoad load = new LoopLoad();
  private long now = 7_000_000_000L;
  private long cpu = 3_000_000_000L;

  private void busy(int samples, int percent) {
    for (int i = 0; i < samples; i++) {
      load.sample(now, cpu);
      now += SAMPLE;
      cpu += SAMPLE * percent / 100;
    }
  }

  @Test
  void isNothingBeforeTheFirstSampleAndWithinIt() {
    assertThat(load.percent(now, cpu)).isZero();
    load.sample(now, cpu);
    assertThat(load.percent(now, cpu)).isZero();
  }

  @Test
  void countsFromTheFirstSampleUntilThereAreEnough() {
    busy(5, 40);
    assertThat(load.percent(now, cpu)).isEqualTo(40);
    busy(5, 80);
    assertThat(load.percent(now, cpu)).isEqualTo(60);
  }

  @Test
  void forgetsWhatIsOlderThanSixteenSamples() {
    busy(100, 100);
    assertThat(load.percent(now, cpu)).isEqualTo(100);
    busy(4, 0);
    assertThat(load.percent(now, cpu)).isEqualTo(75);
    busy(12, 0);
    assertThat(load.percent(now, cpu)).isZero();
  }

  @Test
  void isNeverMoreThanAll() {
    load.sample(now, cpu);
    assertThat(load.percent(now + 10, cpu + 12)).isEqualTo(100);
  }
}
