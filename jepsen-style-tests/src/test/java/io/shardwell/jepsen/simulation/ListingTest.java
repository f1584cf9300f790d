package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.shardwell.jepsen.checker.Answer;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What a client makes of walks over all keys, from replies written by hand. */
class ListingTest {
  private static final List<String> KEYS = List.of("a", "b", "c");

  @Test
  void aScanGoesOnWithTheCursorItWasGivenAndKnowsAllStepsInTheEnd() {
    Request scan = Request.scan(2, KEYS, KeyCount.atMost(3));
    Invocation next = Objects.requireNonNull(scan.next(step("17", "a")));
    assertThat(next.command()).isEqualTo(Command.SCAN);
    assertThat(new String(next.argument(0), StandardCharsets.US_ASCII)).isEqualTo("17");
    assertThat(scan.next(step("0", "c"))).isNull();
    assertThat(answers(scan, step("0", "c"))).containsExactly(1L, 0L, 1L);
  }

  @Test
  void aFailureEndsAWalkAndTellsNothing() {
    Request scan = Request.scan(2, KEYS, KeyCount.atMost(3));
    Reply failure = new Reply.Failure("CLUSTERDOWN no leader");
    assertThat(scan.next(failure)).isNull();
    assertThat(scan.meaning(failure)).isEqualTo(new Request.Meaning.Unknown());
  }

  @Test
  void keysThatCannotBeAreNotTaken() {
    Request keys = Request.keys(KEYS, KeyCount.atMost(3));
    assertThatThrownBy(() -> keys.next(names("a", "d"))).hasMessageContaining("nobody writes: d");
    Request twice = Request.keys(KEYS, KeyCount.atMost(3));
    assertThatThrownBy(() -> twice.next(names("a", "a"))).hasMessageContaining("twice");
  }

  @Test
  void onceNobodyWritesThereAreNeverMoreKeysThanBefore() {
    KeyCount count = KeyCount.falling(3);
    assertThat(Request.keys(KEYS, count).next(names("a", "b"))).isNull();
    Request.size(count).heard().accept(new Reply.Int(1));
    assertThatThrownBy(() -> Request.keys(KEYS, count).next(names("a", "b")))
        .hasMessageContaining("2 keys where there can be at most 1");
  }

  /** FLUSHALL says nothing of what there was, only that it is gone. */
  @Test
  void aFlushDeletesEachKeyWhateverItHeld() {
    Request flush = Request.flush(KEYS);
    assertThat(flush.meaning(Reply.OK))
        .isEqualTo(
            new Request.Meaning.Answered(
                List.of(Answer.Word.ANY, Answer.Word.ANY, Answer.Word.ANY)));
    assertThat(flush.meaning(new Reply.Failure("CLUSTERDOWN no leader")))
        .as("taken at its word for all shards")
        .isEqualTo(new Request.Meaning.Refused());
    assertThat(flush.meaning(new Reply.Failure("INDETERMINATE split over shards")))
        .as("one shard may have been emptied all the same")
        .isEqualTo(new Request.Meaning.Unknown());
  }

  private static List<Long> answers(Request request, Reply last) {
    Request.Meaning.Answered known = (Request.Meaning.Answered) request.meaning(last);
    return known.answers().stream().map(answer -> ((Answer.Int) answer).value()).toList();
  }

  private static Reply step(String cursor, String... keys) {
    return new Reply.Array(List.of(bulk(cursor), names(keys)));
  }

  private static Reply names(String... keys) {
    return new Reply.Array(Arrays.stream(keys).map(ListingTest::bulk).toList());
  }

  private static Reply bulk(String text) {
    return new Reply.Bulk(text.getBytes(StandardCharsets.US_ASCII));
  }
}
