package io.shardwell.jepsen.checker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;

/**
 * Shows that the checker accepts what a correct object can answer and refuses what it cannot, by
 * histories drawn around a sequential object and by comparison with {@link BruteForce}.
 */
class LinearizabilityCheckerProperties {

  @Property(tries = 200, shrinking = ShrinkingMode.OFF)
  void acceptsEveryHistoryOfASequentialObject(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 6) int spread,
      @ForAll ConnectionOrder order) {
    Random random = new Random(seed);
    List<Operation> history = new SequentialObject(random, 12, true).history(150, spread, 0.03);
    Verdict verdict = new LinearizabilityChecker(KeyModel.EXACT, order, 400_000).check(history);
    assertThat(verdict).as(() -> show(history)).isInstanceOf(Verdict.Explained.class);
  }

  /** Where dozens overlap, the search may give up, but it must not accuse. */
  @Property(tries = 40, shrinking = ShrinkingMode.OFF)
  void neverAccusesASequentialObject(
      @ForAll long seed,
      @ForAll @IntRange(min = 7, max = 30) int spread,
      @ForAll ConnectionOrder order) {
    List<Operation> history =
        new SequentialObject(new Random(seed), 40, true).history(120, spread, 0.05);
    Verdict verdict = new LinearizabilityChecker(KeyModel.EXACT, order, 30_000).check(history);
    assertThat(verdict).as(() -> show(history)).isNotInstanceOf(Verdict.Violation.class);
  }

  @Property(tries = 4_000, shrinking = ShrinkingMode.OFF)
  void agreesWithBruteForceOnSmallHistories(@ForAll long seed) {
    Random random = new Random(seed);
    ConnectionOrder[] orders = ConnectionOrder.values();
    ConnectionOrder order = orders[random.nextInt(orders.length)];
    KeyModel model = new KeyModel(random.nextInt(3) * 500_000L, random.nextInt(3) * 500_000L);
    List<Operation> history =
        new SequentialObject(random, 1 + random.nextInt(4), random.nextBoolean())
            .history(2 + random.nextInt(6), 1 + random.nextInt(4), 0.2);
    for (int mutations = random.nextInt(3); mutations > 0; mutations--) {
      mutate(history, random);
    }
    boolean expected = new BruteForce(model, order, history).isLinearizable();
    Verdict verdict = new LinearizabilityChecker(model, order, 400_000).check(history);
    if (hasDeadlines(history)) {
      // Brute force asks whether a deadline can have passed for each operation, not when the ones
      // before it took effect: with deadlines it is more lenient than the checker.
      assertThat(!verdict.isExplained() || expected).as(() -> show(history)).isTrue();
    } else {
      assertThat(verdict.isExplained()).as(() -> show(history)).isEqualTo(expected);
    }
    if (verdict instanceof Verdict.Violation v) {
      // Without the answers of the core, everything up to its end can be explained.
      long end = v.core().stream().mapToLong(Operation::returned).max().orElseThrow();
      List<Operation> rest =
          history.stream()
              .filter(o -> o.call() <= end)
              .map(o -> v.core().contains(o) || o.returned() > end ? opened(o) : o)
              .toList();
      assertThat(new BruteForce(model, order, rest).isLinearizable()).as(v.report()).isTrue();
    }
  }

  private static boolean hasDeadlines(List<Operation> history) {
    return history.stream()
        .map(Operation::command)
        .anyMatch(
            command ->
                command instanceof KeyCommand.Expire
                    || (command instanceof KeyCommand.Set set
                        && set.ttlMillis() != KeyCommand.NO_TTL));
  }

  private static Operation opened(Operation o) {
    return Operation.open(o.client(), o.command(), o.call());
  }

  @Property(tries = 20, shrinking = ShrinkingMode.OFF)
  void refusesOneWrongAnswerInALongHistory(@ForAll long seed) {
    Random random = new Random(seed);
    List<Operation> history = new SequentialObject(random, 6, false).history(200, 3, 0.01);
    // An answer nobody can ever give.
    int at = random.nextInt(history.size());
    while (history.get(at).isOpen() || !(history.get(at).command() instanceof KeyCommand.Get)) {
      at = (at + 1) % history.size();
    }
    Operation o = history.get(at);
    Operation wrong =
        new Operation(o.client(), o.command(), o.call(), o.returned(), Answer.text("never set"));
    history.set(at, wrong);
    Verdict verdict = new LinearizabilityChecker(KeyModel.EXACT).check(history);
    assertThat(verdict).isInstanceOf(Verdict.Violation.class);
    assertThat(((Verdict.Violation) verdict).core()).contains(wrong);
  }

  private static void mutate(List<Operation> history, Random random) {
    int at = random.nextInt(history.size());
    Operation o = history.get(at);
    if (o.isOpen()) {
      return;
    }
    Answer answer =
        switch (random.nextInt(5)) {
          case 0 -> Answer.Word.NIL;
          case 1 -> Answer.Word.DONE;
          case 2 -> Answer.text(Integer.toString(random.nextInt(3)));
          case 3 -> Answer.number(random.nextInt(4));
          default -> history.get(random.nextInt(history.size())).answer();
        };
    history.set(at, new Operation(o.client(), o.command(), o.call(), o.returned(), answer));
  }

  private static String show(List<Operation> history) {
    StringBuilder text = new StringBuilder("history:\n");
    history.forEach(o -> text.append(o.show()).append('\n'));
    return text.toString();
  }
}
