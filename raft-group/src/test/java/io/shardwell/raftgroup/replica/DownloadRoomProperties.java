package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.VirtualLoop;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Replicas that come, go on, fall silent and leave, beside a list of who is inside. */
class DownloadRoomProperties {
  private static final long SILENCE_MILLIS = DownloadRoom.SILENCE_SECONDS * 1000L;

  private final VirtualLoop loop = new VirtualLoop();

  /** A replica asks, or leaves; then time passes. */
  private record Step(int group, int bytes, boolean asks, int millis) {}

  private static final class Inside {
    final long bytes;
    long silentMillis;

    Inside(long bytes) {
      this.bytes = bytes;
    }
  }

  @Property
  void aReplicaEntersIfAllInsideKeepLittleOrNobodyIs(
      @ForAll @IntRange(max = 100) int limit, @ForAll("steps") List<Step> steps) {
    DownloadRoom room = new DownloadRoom(limit, loop);
    Map<Integer, Inside> model = new HashMap<>();
    for (Step step : steps) {
      if (step.asks()) {
        assertThat(room.enter(step.group(), step.bytes())).isEqualTo(enter(model, step, limit));
      } else {
        room.leave(step.group());
        model.remove(step.group());
      }
      model.values().forEach(inside -> inside.silentMillis += step.millis());
      loop.run(step.millis());
    }
  }

  private static boolean enter(Map<Integer, Inside> model, Step step, int limit) {
    model.values().removeIf(inside -> inside.silentMillis > SILENCE_MILLIS);
    Inside own = model.get(step.group());
    if (own == null) {
      long kept = step.bytes();
      for (Inside inside : model.values()) {
        kept += inside.bytes;
      }
      if (kept > limit && !model.isEmpty()) {
        return false;
      }
      own = new Inside(step.bytes());
      model.put(step.group(), own);
    }
    own.silentMillis = 0;
    return true;
  }

  @Example
  void oneLargerThanTheLimitFetchesAlone() {
    DownloadRoom room = new DownloadRoom(100, loop);
    assertThat(room.enter(1, 1000)).isTrue();
    assertThat(room.enter(2, 1)).isFalse();
    loop.run(SILENCE_MILLIS);
    assertThat(room.enter(2, 1)).as("not silent for long").isFalse();
    loop.run(1);
    assertThat(room.enter(2, 1)).as("silent").isTrue();
    assertThat(room.enter(1, 1000)).as("enters anew").isFalse();
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    return Combinators.combine(
            Arbitraries.integers().between(0, 4),
            Arbitraries.integers().between(0, 60),
            Arbitraries.of(true, true, true, true, false),
            Arbitraries.integers().between(0, 3000))
        .as(Step::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(60);
  }
}
