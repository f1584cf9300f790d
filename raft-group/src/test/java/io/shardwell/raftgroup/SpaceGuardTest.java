package io.shardwell.raftgroup;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.SpaceGuard.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;

/**
 * When a node stands aside and when it comes back, on virtual time: the test plays the disk and the
 * node that hands its leaderships over.
 */
class SpaceGuardTest {

  private static final long MIN = 800;
  private static final long BACK = 1000;

  private final VirtualLoop loop = new VirtualLoop();
  private final List<Stage> stages = new ArrayList<>();
  private final List<LongConsumer> asked = new ArrayList<>();
  private boolean answersAtOnce = true;
  private boolean leads;
  private int handOvers;
  private long free = 10_000;
  private long written;

  private final SpaceGuard guard = guard(MIN);

  private SpaceGuard guard(long minFreeBytes) {
    SpaceGuard[] made = new SpaceGuard[1];
    made[0] =
        new SpaceGuard(
            minFreeBytes,
            loop,
            this::measure,
            () -> written,
            () -> {
              handOvers++;
              return leads;
            },
            () -> stages.add(made[0].stage()));
    return made[0];
  }

  private void measure(LongConsumer answer) {
    if (answersAtOnce) {
      answer.accept(free);
    } else {
      asked.add(answer);
    }
  }

  @Test
  void aNodeWithSpaceTakesPart() {
    guard.start();
    loop.run(5_000);
    assertThat(stages).isEmpty();
    assertThat(guard.status().freeBytes()).isEqualTo(10_000);
    assertThat(guard.reason()).isEmpty();
  }

  @Test
  void exactlyTheLimitIsEnough() {
    free = MIN;
    guard.start();
    assertThat(stages).isEmpty();
    free = MIN - 1;
    loop.run(1_000);
    assertThat(stages).containsExactly(Stage.HANDING_OVER, Stage.STANDING_ASIDE);
    assertThat(guard.reason()).isEqualTo("disk: 799 bytes free, below min-free-bytes 800");
  }

  @Test
  void leadershipsAreHandedOverFirst() {
    guard.start();
    leads = true;
    free = MIN - 100;
    loop.run(1_000);
    assertThat(stages).containsExactly(Stage.HANDING_OVER);
    loop.run(200);
    assertThat(stages).hasSize(1);
    assertThat(handOvers).isGreaterThan(2);
    leads = false;
    loop.run(50);
    assertThat(stages).containsExactly(Stage.HANDING_OVER, Stage.STANDING_ASIDE);
  }

  @Test
  void aHandOverThatNobodyTakesEndsAfterASecond() {
    guard.start();
    leads = true;
    free = MIN - 100;
    loop.run(1_000);
    loop.run(990);
    assertThat(stages).containsExactly(Stage.HANDING_OVER);
    loop.run(60);
    assertThat(stages).containsExactly(Stage.HANDING_OVER, Stage.STANDING_ASIDE);
    int sofar = handOvers;
    loop.run(5_000);
    assertThat(handOvers).as("none afterwards").isEqualTo(sofar);
  }

  /** The other half is for what is under way. */
  @Test
  void aHandOverEndsWhenHalfOfTheLimitIsGone() {
    guard.start();
    leads = true;
    free = MIN - 100;
    loop.run(1_000);
    free = MIN / 2 - 1;
    written += MIN / 8;
    guard.endTurn();
    assertThat(stages).containsExactly(Stage.HANDING_OVER, Stage.STANDING_ASIDE);
  }

  @Test
  void itComesBackWithAQuarterMoreThanTheLimit() {
    free = 0;
    guard.start();
    assertThat(guard.stage()).isEqualTo(Stage.STANDING_ASIDE);
    free = BACK - 1;
    loop.run(3_000);
    assertThat(guard.stage()).isEqualTo(Stage.STANDING_ASIDE);
    free = BACK;
    loop.run(1_000);
    assertThat(stages).containsExactly(Stage.HANDING_OVER, Stage.STANDING_ASIDE, Stage.TAKING_PART);
    assertThat(guard.reason()).isEmpty();
  }

  @Test
  void spaceDuringAHandOverEndsIt() {
    guard.start();
    leads = true;
    free = MIN - 100;
    loop.run(1_000);
    free = BACK;
    written += MIN / 8;
    guard.endTurn();
    assertThat(stages).containsExactly(Stage.HANDING_OVER, Stage.TAKING_PART);
    leads = false;
    loop.run(3_000);
    assertThat(stages).as("the step that was due is not taken").hasSize(2);
  }

  @Test
  void itMeasuresAfterAnEighthOfTheLimitIsWrittenAndOneQuestionAtATime() {
    answersAtOnce = false;
    guard.start();
    assertThat(asked).hasSize(1);
    asked.get(0).accept(free);
    written += MIN / 8 - 1;
    guard.endTurn();
    assertThat(asked).hasSize(1);
    written++;
    guard.endTurn();
    assertThat(asked).hasSize(2);
    written += MIN;
    guard.endTurn();
    loop.run(3_000);
    assertThat(asked).as("one is open").hasSize(2);
    asked.get(1).accept(free);
    guard.endTurn();
    assertThat(asked).as("more was written since it was asked").hasSize(3);
  }

  @Test
  void aSnapshotMustLeaveHalfOfTheLimit() {
    assertThat(guard.hasRoomFor(1)).as("nothing known yet").isFalse();
    guard.start();
    assertThat(guard.hasRoomFor(10_000 - MIN / 2)).isTrue();
    assertThat(guard.hasRoomFor(10_000 - MIN / 2 + 1)).isFalse();
    written += 50;
    assertThat(guard.hasRoomFor(10_000 - MIN / 2)).as("written since").isFalse();
    free = 0;
    loop.run(1_000);
    assertThat(guard.hasRoomFor(0)).isFalse();
  }

  @Test
  void offMeansOff() {
    SpaceGuard off = guard(0);
    free = 0;
    off.start();
    written += 1L << 40;
    off.endTurn();
    loop.run(3_000);
    assertThat(off.stage()).isEqualTo(Stage.TAKING_PART);
    assertThat(off.hasRoomFor(1L << 50)).isTrue();
    assertThat(off.status().freeBytes()).isEqualTo(-1);
  }

  @Test
  void aStoppedNodeChangesNothing() {
    answersAtOnce = false;
    guard.start();
    guard.stop();
    asked.get(0).accept(0);
    loop.run(3_000);
    assertThat(stages).isEmpty();
    assertThat(asked).hasSize(1);
  }
}
