package io.shardwell.jepsen.checker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Shows the checker's verdict on histories written by hand, one per fault it is there to find. */
class LinearizabilityCheckerTest {
  private static final KeyCommand GET = new KeyCommand.Get();
  private final LinearizabilityChecker checker = new LinearizabilityChecker(KeyModel.EXACT);
  private final LinearizabilityChecker ordered =
      new LinearizabilityChecker(KeyModel.EXACT, ConnectionOrder.ALL, 100_000);

  @Test
  void anEmptyHistoryIsExplained() {
    assertThat(checker.check(List.of()).isExplained()).isTrue();
  }

  @Test
  void concurrentReadsMaySeeEitherSideOfAWriteButNotTurnBack() {
    Operation set = op(1, KeyCommand.set("a"), 10, 50, Answer.Word.DONE);
    Operation old = op(2, GET, 20, 25, Answer.Word.NIL);
    Operation fresh = op(3, GET, 30, 35, Answer.text("a"));
    Operation back = op(4, GET, 40, 45, Answer.Word.NIL);
    assertThat(checker.check(List.of(set, old, fresh)).isExplained()).isTrue();
    Verdict verdict = checker.check(List.of(set, old, fresh, back));
    assertThat(violation(verdict).report()).contains(fresh.show(), back.show());
    assertThat(violation(verdict).core()).endsWith(back).hasSizeLessThanOrEqualTo(2);
  }

  @Test
  void aStaleReadIsFoundAndTheCoreIsSmall() {
    List<Operation> history = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      history.add(op(1, KeyCommand.set("v" + i), i * 100L, i * 100L + 10, Answer.Word.DONE));
      history.add(op(2, GET, i * 100L + 20, i * 100L + 30, Answer.text("v" + i)));
    }
    Operation stale = op(3, GET, 4950, 4960, Answer.text("v48"));
    history.add(stale);
    Verdict.Violation violation = violation(checker.check(history));
    assertThat(violation.core()).containsExactly(stale);
    assertThat(violation.report()).contains("possible states just before it:\n  \"v49\"");
  }

  @Test
  void anOpenWriteMayTakeEffectLateOrNeverButNotTwice() {
    Operation open = Operation.open(1, new KeyCommand.Increment(1), 0);
    Operation zero = op(2, GET, 10, 20, Answer.Word.NIL);
    Operation one = op(2, GET, 30, 40, Answer.text("1"));
    Operation two = op(2, GET, 50, 60, Answer.text("2"));
    assertThat(checker.check(List.of(open, zero)).isExplained()).isTrue();
    assertThat(checker.check(List.of(open, zero, one)).isExplained()).isTrue();
    assertThat(checker.check(List.of(open, zero, one, two)).isExplained()).isFalse();
    assertThat(checker.check(List.of(open, one, zero)).isExplained()).isTrue();
    assertThat(checker.check(List.of(open, op(2, GET, 5, 8, Answer.text("1")), zero)).isExplained())
        .isFalse();
  }

  @Test
  void aRepeatedCallMayTakeEffectOnceMore() {
    History history = new History();
    int call = history.called(1, "counter", new KeyCommand.Increment(1), 0);
    history.returned(call, Answer.number(2), 50);
    assertThat(checker.check(of(history, "counter")).isExplained()).isFalse();
    history.repeated(call, 2);
    assertThat(checker.check(of(history, "counter")).isExplained()).isTrue();
    int third = history.called(3, "counter", GET, 60);
    history.returned(third, Answer.text("3"), 70);
    assertThat(checker.check(of(history, "counter")).isExplained()).isFalse();
  }

  private static List<Operation> of(History history, String key) {
    return history.byKey().getOrDefault(key, List.of());
  }

  @Test
  void aSwapNeedsWhatItExpects() {
    Operation set = op(1, KeyCommand.set("a"), 0, 10, Answer.Word.DONE);
    KeyCommand swap = new KeyCommand.Swap("a", "b");
    Operation done = op(1, swap, 20, 30, Answer.Word.DONE);
    Operation refused = op(2, swap, 40, 50, Answer.Word.NIL);
    Operation twice = op(2, swap, 40, 50, Answer.Word.DONE);
    Operation read = op(1, GET, 60, 70, Answer.text("b"));
    assertThat(checker.check(List.of(set, done, refused, read)).isExplained()).isTrue();
    assertThat(checker.check(List.of(set, done, twice)).isExplained()).isFalse();
    assertThat(checker.check(List.of(set, refused)).isExplained()).isFalse();
    assertThat(checker.check(List.of(refused, read)).isExplained()).isFalse();
  }

  @Test
  void aConditionalDeleteNeedsWhatItExpects() {
    Operation set = op(1, KeyCommand.set("a"), 0, 10, Answer.Word.DONE);
    Operation other = op(2, new KeyCommand.DeleteIf("b"), 20, 30, Answer.number(0));
    Operation done = op(1, new KeyCommand.DeleteIf("a"), 40, 50, Answer.number(1));
    Operation absent = op(2, GET, 60, 70, Answer.Word.NIL);
    assertThat(checker.check(List.of(set, other, done, absent)).isExplained()).isTrue();
    assertThat(checker.check(List.of(set, other, absent)).isExplained()).isFalse();
    Operation wrong = op(2, new KeyCommand.DeleteIf("b"), 20, 30, Answer.number(1));
    assertThat(checker.check(List.of(set, wrong)).isExplained()).isFalse();
    Operation again = op(2, new KeyCommand.DeleteIf("a"), 60, 70, Answer.number(1));
    assertThat(checker.check(List.of(set, done, again)).isExplained()).isFalse();
  }

  @Test
  void aLostAcknowledgedWriteIsFound() {
    Operation set = op(1, KeyCommand.set("a"), 0, 10, Answer.Word.DONE);
    Operation gone = op(2, GET, 20, 30, Answer.Word.NIL);
    Verdict.Violation violation = violation(checker.check(List.of(set, gone)));
    assertThat(violation.core()).endsWith(gone);
    assertThat(violation.report()).contains("all before amounts to SET \"a\"");
  }

  @Test
  void aKeyWithoutADeadlineIsNeverGoneByItself() {
    Operation set = op(1, KeyCommand.set("a"), 0, 10, Answer.Word.DONE);
    Operation open = Operation.open(2, new KeyCommand.Append("b"), 20);
    Operation read = op(1, GET, 30, 40, Answer.text("b"));
    assertThat(checker.check(List.of(set, open, read)).isExplained()).isFalse();
  }

  @Test
  void onlyOneOfTwoCompareAndSetsCanWin() {
    Operation first = op(1, KeyCommand.setIfAbsent("a"), 0, 100, Answer.Word.DONE);
    Operation second = op(2, KeyCommand.setIfAbsent("b"), 0, 100, Answer.Word.DONE);
    Operation loser = op(2, KeyCommand.setIfAbsent("b"), 0, 100, Answer.Word.NIL);
    assertThat(checker.check(List.of(first, second)).isExplained()).isFalse();
    assertThat(checker.check(List.of(first, loser)).isExplained()).isTrue();
  }

  @Test
  void anIncrementDoneTwiceIsFoundByItsAnswer() {
    KeyCommand incr = new KeyCommand.Increment(1);
    Operation first = op(1, incr, 0, 10, Answer.number(2));
    assertThat(violation(checker.check(List.of(first))).core()).containsExactly(first);
    assertThat(PlainRules.check(List.of(first), false)).hasSize(1);
  }

  @Test
  void pipelinedCommandsOfOneClientKeepTheirOrder() {
    Operation first = op(1, new KeyCommand.Append("<1>"), 0, 100, Answer.Word.ANY);
    Operation second = op(1, new KeyCommand.Append("<2>"), 1, 100, Answer.Word.ANY);
    Operation read = op(2, GET, 200, 300, Answer.text("<2><1>"));
    assertThat(checker.check(List.of(first, second, read)).isExplained()).isTrue();
    assertThat(ordered.check(List.of(first, second, read)).isExplained()).isFalse();
    assertThat(PlainRules.check(List.of(first, second, read), false)).isEmpty();
    assertThat(PlainRules.check(List.of(first, second, read), true)).hasSize(1);
    Operation lost = Operation.open(1, new KeyCommand.Append("<1>"), 0);
    assertThat(checker.check(List.of(lost, second, read)).isExplained()).isTrue();
    assertThat(ordered.check(List.of(lost, second, read)).isExplained()).isFalse();
  }

  @Test
  void pipelinedReadsOfOneClientDoNotTurnBack() {
    Operation set = op(1, KeyCommand.set("a"), 0, 500, Answer.Word.DONE);
    Operation first = op(2, GET, 100, 400, Answer.text("a"));
    Operation second = op(2, GET, 101, 200, Answer.Word.NIL);
    assertThat(ordered.check(List.of(set, first, second)).isExplained()).isFalse();
    LinearizabilityChecker writes =
        new LinearizabilityChecker(KeyModel.EXACT, ConnectionOrder.WRITES, 100_000);
    assertThat(writes.check(List.of(set, first, second)).isExplained()).isTrue();
  }

  @Test
  void aKeyIsNeverGoneEarlyNeverPresentLateAndNeverBack() {
    long ms = 1_000_000;
    LinearizabilityChecker slack = new LinearizabilityChecker(new KeyModel(10 * ms, 20 * ms));
    Operation set = op(1, KeyCommand.setFor("a", 100), 0, ms, Answer.Word.DONE);
    Operation early = op(2, GET, 84 * ms, 89 * ms, Answer.Word.NIL);
    Operation gone = op(2, GET, 95 * ms, 96 * ms, Answer.Word.NIL);
    Operation back = op(2, GET, 97 * ms, 98 * ms, Answer.text("a"));
    Operation late = op(2, GET, 122 * ms, 123 * ms, Answer.text("a"));
    assertThat(slack.check(List.of(set, gone)).isExplained()).isTrue();
    assertThat(slack.check(List.of(set, back)).isExplained()).isTrue();
    assertThat(slack.check(List.of(set, early)).isExplained()).isFalse();
    assertThat(slack.check(List.of(set, late)).isExplained()).isFalse();
    assertThat(slack.check(List.of(set, gone, back)).isExplained()).isFalse();
    Operation ttl = op(2, new KeyCommand.TimeToLive(), 50 * ms, 51 * ms, Answer.number(50));
    Operation wrong = op(2, new KeyCommand.TimeToLive(), 50 * ms, 51 * ms, Answer.number(80));
    assertThat(slack.check(List.of(set, ttl)).isExplained()).isTrue();
    assertThat(slack.check(List.of(set, wrong)).isExplained()).isFalse();
  }

  @Test
  void lostAndDoubledListElementsAreNamed() {
    Operation a = op(1, new KeyCommand.Append("<a>"), 0, 1, Answer.number(3));
    Operation b = op(1, new KeyCommand.Append("<b>"), 2, 3, Answer.number(6));
    assertThat(PlainRules.check(List.of(a, b, op(2, GET, 4, 5, Answer.text("<b>"))), false))
        .singleElement()
        .asString()
        .contains("acknowledged element <a> missing");
    assertThat(PlainRules.check(List.of(a, b, op(2, GET, 4, 5, Answer.text("<a><b><a>"))), false))
        .singleElement()
        .asString()
        .contains("element <a> twice");
    assertThat(PlainRules.check(List.of(a, b, op(2, GET, 4, 5, Answer.text("<a><b><c>"))), false))
        .singleElement()
        .asString()
        .contains("nobody had appended");
  }

  /** The bound that matters: thousands of operations on one hot key, some of them lost. */
  @Test
  @Timeout(20)
  void fiveThousandOperationsOnOneKeyAreDecided() {
    Random random = new Random(42);
    List<Operation> history = new SequentialObject(random, 20, false).history(5_000, 8, 0.01);
    Verdict verdict = checker.check(history);
    assertThat(verdict).isInstanceOf(Verdict.Explained.class);
    assertThat(((Verdict.Explained) verdict).steps()).isLessThan(200_000);
  }

  /** Forty lost writes of different values would be 2^40 subsets without the subset rule. */
  @Test
  @Timeout(20)
  void manyLostWritesDoNotExplode() {
    List<Operation> history = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      history.add(Operation.open(i, KeyCommand.set("lost" + i), i));
    }
    history.add(op(100, KeyCommand.set("kept"), 100, 110, Answer.Word.DONE));
    history.add(op(100, GET, 120, 130, Answer.text("never")));
    Verdict verdict = checker.check(history);
    assertThat(violation(verdict).core()).hasSize(1);
  }

  @Test
  void aSearchThatGivesUpIsNotAnApproval() {
    List<Operation> history = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      history.add(op(i, new KeyCommand.Append("<" + i + ">"), 0, 1_000, Answer.Word.ANY));
    }
    history.add(op(99, GET, 2_000, 2_100, Answer.text("nothing like it")));
    Verdict verdict =
        new LinearizabilityChecker(KeyModel.EXACT, ConnectionOrder.NONE, 5_000).check(history);
    assertThat(verdict).isInstanceOf(Verdict.Undecided.class);
    assertThat(verdict.isExplained()).isFalse();
  }

  @Test
  void aHistoryKeepsRealTimeOrderWhenTheClockStands() {
    History history = new History();
    int set = history.called(1, "k", KeyCommand.set("a"), 7);
    history.returned(set, Answer.Word.DONE, 7);
    int get = history.called(2, "k", GET, 7);
    history.returned(get, Answer.Word.NIL, 7);
    int refused = history.called(2, "k", KeyCommand.set("b"), 7);
    history.refused(refused, 7);
    HistoryReport report = HistoryReport.of(history, checker);
    assertThat(report.operations()).isEqualTo(2);
    assertThat(report.violations()).hasSize(1);
    assertThat(report.isExplained()).isFalse();
  }

  private static Verdict.Violation violation(Verdict verdict) {
    assertThat(verdict).isInstanceOf(Verdict.Violation.class);
    return (Verdict.Violation) verdict;
  }

  private static Operation op(
      int client, KeyCommand command, long call, long returned, Answer answer) {
    return new Operation(client, command, call, returned, answer);
  }
}
