package io.shardwell.jepsen.checker;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The verdict on a whole history, key by key.
 *
 * @param violations one text per broken promise
 * @param undecided keys whose search gave up; not an approval
 * @param broken the violations that the search found, in full
 */
public record HistoryReport(
    int keys,
    int operations,
    int open,
    long steps,
    List<String> violations,
    List<String> undecided,
    List<BrokenKey> broken) {

  /** A key whose history nothing explains, for {@link Timeline}. */
  public record BrokenKey(String key, Verdict.Violation violation) {}

  /** Checks every key with the checker, and with the plain rules of {@link PlainRules}. */
  public static HistoryReport of(History history, LinearizabilityChecker checker) {
    List<String> violations = new ArrayList<>();
    List<String> undecided = new ArrayList<>();
    List<BrokenKey> broken = new ArrayList<>();
    int operations = 0;
    int open = 0;
    long steps = 0;
    Map<String, List<Operation>> byKey = history.byKey();
    for (Map.Entry<String, List<Operation>> e : byKey.entrySet()) {
      List<Operation> ofKey = e.getValue();
      operations += ofKey.size();
      open += (int) ofKey.stream().filter(Operation::isOpen).count();
      Verdict verdict = checker.check(ofKey);
      if (verdict instanceof Verdict.Violation v) {
        broken.add(new BrokenKey(e.getKey(), v));
        List<String> refused = history.refusedOn(e.getKey());
        violations.add(
            "%s: key %s is %s%nrefused, so taken as never run: %d%n%s"
                .formatted(
                    kind(ofKey, checker),
                    e.getKey(),
                    v.report(),
                    refused.size(),
                    refused.stream().limit(20).collect(java.util.stream.Collectors.joining("\n"))));
      } else if (verdict instanceof Verdict.Undecided u) {
        undecided.add(e.getKey());
        steps += u.steps();
      } else if (verdict instanceof Verdict.Explained x) {
        steps += x.steps();
      }
      PlainRules.check(ofKey, checker.order() != ConnectionOrder.NONE)
          .forEach(text -> violations.add("key " + e.getKey() + ": " + text));
    }
    return new HistoryReport(byKey.size(), operations, open, steps, violations, undecided, broken);
  }

  /** Is it the store that is wrong, or only the order within a connection? */
  private static String kind(List<Operation> history, LinearizabilityChecker checker) {
    Verdict unordered =
        new LinearizabilityChecker(checker.model(), ConnectionOrder.NONE, checker.maxSteps())
            .check(history);
    return unordered.isExplained() ? "wrong order within a connection" : "wrong answer";
  }

  /** The page about the first broken key; null if the search found none. */
  public @Nullable String timeline(List<Timeline.Mark> marks) {
    if (broken.isEmpty()) {
      return null;
    }
    BrokenKey first = broken.get(0);
    return Timeline.html(first.key(), first.violation(), marks);
  }

  public boolean isExplained() {
    return violations.isEmpty() && undecided.isEmpty();
  }
}
