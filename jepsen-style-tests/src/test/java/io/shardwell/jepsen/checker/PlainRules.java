package io.shardwell.jepsen.checker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Rules that need no search, so they also judge histories too tangled for one, and say in plain
 * words what was lost or doubled. They apply to keys that only see the commands they are about, and
 * never refuse a linearizable history.
 */
final class PlainRules {
  private PlainRules() {}

  static List<String> check(List<Operation> history, boolean clientOrder) {
    List<String> broken = new ArrayList<>();
    if (history.stream().allMatch(PlainRules::isCounting)) {
      counter(history, broken);
    }
    if (history.stream().allMatch(PlainRules::isListing)) {
      appendList(history, clientOrder, broken);
    }
    return broken;
  }

  private static boolean isCounting(Operation o) {
    return o.command() instanceof KeyCommand.Increment i ? i.by() > 0 : isGet(o);
  }

  private static boolean isListing(Operation o) {
    return o.command() instanceof KeyCommand.Append || isGet(o);
  }

  private static boolean isGet(Operation o) {
    return o.command() instanceof KeyCommand.Get;
  }

  /**
   * A counter read after everything lies between the sum of what was acknowledged before the read
   * began and the sum of everything called before it ended.
   */
  private static void counter(List<Operation> history, List<String> broken) {
    Set<Long> results = new HashSet<>();
    for (Operation o : history) {
      if (o.isOpen()) {
        continue;
      }
      @Nullable Long seen = number(o.answer());
      if (seen == null) {
        broken.add("not a number: " + o.show());
        continue;
      }
      if (o.command() instanceof KeyCommand.Increment && !results.add(seen)) {
        broken.add("two increments got the same answer: " + o.show());
      }
      long least = 0;
      long most = 0;
      for (Operation other : history) {
        if (other.command() instanceof KeyCommand.Increment i) {
          least += other.returned() < o.call() ? i.by() : 0;
          most += other.call() <= o.returned() ? i.by() : 0;
        }
      }
      if (seen < least || seen > most) {
        broken.add("counter outside " + least + ".." + most + ": " + o.show());
        return;
      }
    }
  }

  private static @Nullable Long number(Answer answer) {
    if (answer == Answer.Word.NIL) {
      return 0L;
    } else if (answer instanceof Answer.Int n) {
      return n.value();
    } else if (answer instanceof Answer.Text t && t.value().matches("-?\\d{1,18}")) {
      return Long.parseLong(t.value());
    }
    return null;
  }

  /**
   * Elements are recognised by their text, so they must be different and none may be part of
   * another (say {@code <17>}); otherwise nothing is checked. Every element acknowledged before a
   * read began is in it once; none is in it twice; the elements of one client stand in the order of
   * their calls (without {@code clientOrder}: if one was answered before the other was called).
   */
  private static void appendList(
      List<Operation> history, boolean clientOrder, List<String> broken) {
    Map<String, Operation> byElement = new HashMap<>();
    for (Operation o : history) {
      if (o.command() instanceof KeyCommand.Append a
          && (!a.suffix().matches("<[^<>]+>") || byElement.put(a.suffix(), o) != null)) {
        return;
      }
    }
    for (Operation read : history) {
      if (!(read.answer() instanceof Answer.Text text) || !isGet(read)) {
        continue;
      }
      Map<Integer, Operation> lastOfClient = new HashMap<>();
      Set<String> present = new HashSet<>();
      for (String element : text.value().split("(?<=>)", -1)) {
        if (element.isEmpty()) {
          continue;
        }
        @Nullable Operation writer = byElement.get(element);
        if (writer == null || writer.call() > read.returned()) {
          broken.add("element " + element + " nobody had appended: " + shorten(read));
        } else if (!present.add(element)) {
          broken.add("element " + element + " twice: " + shorten(read));
        } else {
          @Nullable Operation before = lastOfClient.put(writer.client(), writer);
          boolean late = before != null && before.call() > writer.call();
          if (before != null && late && (clientOrder || before.call() > writer.returned())) {
            broken.add("element " + element + " after a later one of its client");
          }
        }
      }
      for (Map.Entry<String, Operation> e : byElement.entrySet()) {
        if (e.getValue().returned() < read.call() && !present.contains(e.getKey())) {
          broken.add("acknowledged element " + e.getKey() + " missing: " + shorten(read));
        }
      }
      if (!broken.isEmpty()) {
        return;
      }
    }
  }

  private static String shorten(Operation read) {
    String line = read.show();
    return line.length() <= 160 ? line : line.substring(0, 160) + "...";
  }
}
