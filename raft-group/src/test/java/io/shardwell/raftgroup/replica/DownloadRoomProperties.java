package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.VirtualLoop;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;

/**
 * Replicas that come, go on, fall silent and leave, beside lists of who is inside and who waits.
 */
class DownloadRoomProperties {
  private static final long SILENCE_MILLIS = DownloadRoom.SILENCE_SECONDS * 1000L;
  private static final long GIVEN_UP_MILLIS = DownloadRoom.GIVEN_UP_SECONDS * 1000L;

  private final VirtualLoop loop = new VirtualLoop();

  /** A replica asks, or leaves; then time passes. */
  private record Step(int group, int bytes, boolean asks, int millis) {}

  private static final class Asker {
    final int group;
    final long bytes;
    long silentMillis;

    Asker(int group, long bytes) {
      this.group = group;
      this.bytes = bytes;
    }
  }

  /** What the room should do, in two plain lists. */
  private static final class Model {
    final int limit;
    final List<Asker> inside = new ArrayList<>();
    final List<Asker> queue = new ArrayList<>();

    Model(int limit) {
      this.limit = limit;
    }

    boolean enter(int group, int bytes) {
      inside.removeIf(asker -> asker.silentMillis > SILENCE_MILLIS);
      queue.removeIf(asker -> asker.silentMillis > GIVEN_UP_MILLIS);
      if (bytes == 0 || of(inside, group) != null) {
        spoke(of(inside, group), bytes);
        return true;
      }
      Asker asker = of(queue, group);
      if (asker == null) {
        asker = new Asker(group, bytes);
        queue.add(asker);
      }
      asker.silentMillis = 0;
      long kept = bytes;
      for (Asker other : inside) {
        kept += other.bytes;
      }
      if (queue.get(0) != asker || (kept > limit && !inside.isEmpty())) {
        return false;
      }
      queue.remove(0);
      inside.add(new Asker(group, bytes));
      return true;
    }

    private static void spoke(@Nullable Asker asker, int bytes) {
      if (asker != null && bytes > 0) {
        asker.silentMillis = 0;
      }
    }

    void leave(int group) {
      inside.remove(of(inside, group));
      queue.remove(of(queue, group));
    }

    void pass(int millis) {
      inside.forEach(asker -> asker.silentMillis += millis);
      queue.forEach(asker -> asker.silentMillis += millis);
    }

    private static @Nullable Asker of(List<Asker> askers, int group) {
      return askers.stream().filter(asker -> asker.group == group).findAny().orElse(null);
    }
  }

  @Property
  void replicasEnterInTheOrderOfTheirComingIfAllInsideKeepLittle(
      @ForAll @IntRange(max = 100) int limit, @ForAll("steps") List<Step> steps) {
    DownloadRoom room = new DownloadRoom(limit, loop);
    Model model = new Model(limit);
    for (Step step : steps) {
      if (step.asks()) {
        assertThat(room.enter(step.group(), step.bytes()))
            .isEqualTo(model.enter(step.group(), step.bytes()));
      } else {
        room.leave(step.group());
        model.leave(step.group());
      }
      model.pass(step.millis());
      loop.run(step.millis());
    }
  }

  @Example
  void oneLargerThanTheLimitFetchesAlone() {
    DownloadRoom room = new DownloadRoom(100, loop);
    assertThat(room.enter(1, 1000)).isTrue();
    assertThat(room.enter(2, 1)).isFalse();
    assertThat(room.enter(3, 0)).as("keeps nothing").isTrue();
    loop.run(SILENCE_MILLIS);
    assertThat(room.enter(2, 1)).as("not silent for long").isFalse();
    loop.run(1);
    assertThat(room.enter(2, 1)).as("silent").isTrue();
    assertThat(room.enter(1, 1000)).as("enters anew").isFalse();
  }

  /** Its leader takes snapshots faster than it fetches them: the others must come in between. */
  @Example
  void whoBeginsAnewGoesBehindThoseThatWait() {
    DownloadRoom room = new DownloadRoom(100, loop);
    assertThat(room.enter(1, 1000)).isTrue();
    assertThat(room.enter(2, 1)).isFalse();
    room.leave(1);
    assertThat(room.enter(1, 1000)).isFalse();
    assertThat(room.enter(2, 1)).isTrue();
    assertThat(room.enter(1, 1000)).isFalse();
    room.leave(2);
    assertThat(room.enter(1, 1000)).isTrue();
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
