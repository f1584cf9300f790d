package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.VirtualLoop;
import java.util.List;
import java.util.function.LongUnaryOperator;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/**
 * A leader's stamps neither run backwards nor jump nor stand still, whatever its wall clock does:
 * after every step the stamp has moved by at least half and at most all of the time that passed.
 */
class LogClockProperties {

  @Property
  void stampsFollowMonotonicTime(
      @ForAll @Size(min = 1, max = 50) List<@IntRange(min = 2, max = 5_000) Integer> stepsMillis,
      @ForAll @Size(50) List<@IntRange(min = -100_000, max = 100_000) Integer> wallJumps) {
    VirtualLoop loop = new VirtualLoop();
    LogClock clock = new LogClock(loop, LongUnaryOperator.identity());
    clock.lead(loop.wallClockMillis());
    long last = clock.stampMillis();
    for (int i = 0; i < stepsMillis.size(); i++) {
      int step = stepsMillis.get(i);
      loop.run(step);
      if (i % 3 == 0) {
        loop.wallOffsetMillis += wallJumps.get(i);
      }
      long stamp = clock.stampMillis();
      assertThat(stamp - last).isBetween(step / 2L - 1, step + 1L);
      last = stamp;
    }
  }

  /**
   * Whatever part of a millisecond had passed when the term began: a wall clock tells only whole.
   */
  @Property
  void stampsAreNotBehindAWallClockThatIsRight(
      @ForAll @IntRange(max = 999_999) int fractionNanos,
      @ForAll @Size(min = 1, max = 50) List<@IntRange(min = 1, max = 3_000_000) Integer> steps) {
    VirtualLoop loop = new VirtualLoop();
    pass(loop, fractionNanos);
    LogClock clock = new LogClock(loop, LongUnaryOperator.identity());
    clock.lead(loop.wallClockMillis());
    for (int step : steps) {
      pass(loop, step);
      assertThat(clock.stampMillis()).isEqualTo(loop.wallClockMillis());
    }
  }

  /** The leader's alone is wrong: the next one would make up at once for what was lost. */
  @Example
  void stampsGoSlowlyOnlyWhileAheadOfWhatTheClocksAgreeOn() {
    VirtualLoop loop = new VirtualLoop();
    long right = loop.wallOffsetMillis;
    LogClock clock = new LogClock(loop, wall -> wall - loop.wallOffsetMillis + right);
    clock.lead(loop.wallClockMillis());
    long first = clock.stampMillis();
    loop.wallOffsetMillis -= 3_600_000;
    loop.run(60_000);
    assertThat(clock.stampMillis() - first).isEqualTo(60_000);
    loop.wallOffsetMillis += 7_200_000;
    clock.seen(first + 100_000); // That much ahead.
    clock.lead(first);
    loop.run(1_000);
    assertThat(clock.stampMillis() - first).isEqualTo(100_500);
  }

  private static void pass(VirtualLoop loop, long nanos) {
    long until = loop.nanoTime() + nanos;
    loop.schedule(() -> {}, nanos);
    assertThat(loop.until(() -> loop.nanoTime() >= until, 1_000)).isTrue();
  }

  @Property
  void aNewLeaderNeverStampsBelowWhatItsLogHolds(
      @ForAll @IntRange(min = -1_000_000, max = 1_000_000) int logAheadMillis) {
    VirtualLoop loop = new VirtualLoop();
    LogClock clock = new LogClock(loop, LongUnaryOperator.identity());
    long inLog = loop.wallClockMillis() + logAheadMillis;
    clock.seen(inLog);
    clock.lead(loop.wallClockMillis());
    assertThat(clock.stampMillis()).isEqualTo(Math.max(inLog, loop.wallClockMillis()));
  }
}
