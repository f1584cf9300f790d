package io.shardwell.jepsen.planted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.shardwell.statemachine.Slots;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Shows that the simulator notices bugs: each of {@link BugHunt#bugs} is planted, and one of a few
 * seeds from a fixed start must fail; the seed that catches it is sound without it. A bug that no
 * longer fits the code it was written for fails too.
 */
class PlantedBugTest {
  private static final Path TABLE = Path.of("..", "docs", "testing.md");
  private static final String HEADING = "## Bugs planted on purpose";

  static Stream<PlantedBug> quick() {
    return BugHunt.bugs().stream().filter(PlantedBug::quick);
  }

  static Stream<PlantedBug> slow() {
    return BugHunt.bugs().stream().filter(bug -> !bug.quick());
  }

  @ParameterizedTest
  @MethodSource("quick")
  void isCaught(PlantedBug bug) {
    BugHunt.Catch caught = BugHunt.hunt(bug, bug.budget());
    assertThat(caught).as("%s within %d seeds", bug, bug.budget()).isNotNull();
  }

  @Tag("chaos")
  @ParameterizedTest
  @MethodSource("slow")
  void isCaughtWithMorePatience(PlantedBug bug) {
    isCaught(bug);
  }

  @Tag("chaos")
  @ParameterizedTest
  @MethodSource({"quick", "slow"})
  void theSeedThatCatchesItIsSoundWithoutIt(PlantedBug bug) {
    BugHunt.Catch caught = BugHunt.hunt(bug, bug.budget());
    assertThat(caught).isNotNull();
    for (long seed = BugHunt.FIRST_SEED; seed < BugHunt.FIRST_SEED + caught.seeds(); seed++) {
      assertThat(BugHunt.run(bug, seed)).as("seed %d without %s", seed, bug).isNull();
    }
  }

  @Test
  void aBugIsThereUntilItIsTakenBack() {
    byte[] key = "key".getBytes(StandardCharsets.UTF_8);
    int slot = Slots.of(key);
    PlantedBug bug =
        PlantedBug.of("other-slot", "a key's slot is the next one", "none")
            .in(
                Slots.class.getName(),
                "of",
                call -> call.replaceResult(original -> (Integer) original + 1));
    try (Detours detours = Detours.plant(bug)) {
      assertThat(Slots.of(key)).isEqualTo(slot + 1);
      assertThat(detours.changedCalls()).isEqualTo(1);
    }
    assertThat(Slots.of(key)).isEqualTo(slot);
  }

  @Test
  void aBugWhoseMethodIsGoneCannotBePlanted() {
    PlantedBug bug =
        PlantedBug.of("gone", "a method that was renamed", "none")
            .in(Slots.class.getName(), "ofKey", Call::skip);
    assertThatThrownBy(() -> Detours.plant(bug)).isInstanceOf(Inside.Gone.class);
  }

  @Test
  void theTableInTheDocumentationListsThem() throws IOException {
    List<String> rows =
        Files.readAllLines(TABLE).stream()
            .dropWhile(line -> !line.equals(HEADING))
            .filter(line -> line.startsWith("| `"))
            .toList();
    List<PlantedBug> bugs = BugHunt.bugs();
    assertThat(rows).hasSameSizeAs(bugs);
    for (int i = 0; i < bugs.size(); i++) {
      assertThat(rows.get(i)).startsWith(BugHunt.rowStart(bugs.get(i)));
    }
  }
}
