package io.shardwell.jepsen.checker;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;

/**
 * Draws a violation as one HTML page that needs nothing else: a row per client with a bar per
 * operation on the broken key, from its call to its answer, and the faults of that time across all
 * rows. Red bars contradict each other; the shaded stretch is the answer that nothing explains. An
 * operation without an answer runs on to the right edge. Resting on a bar shows it in full.
 */
public final class Timeline {
  private static final int LEFT = 90;
  private static final int WIDTH = 1_400;
  private static final int ROW = 26;
  private static final int TOP = 150;

  /** A browser draws so many at ease; what is left out lies longest ago, and the page says so. */
  private static final int MAX_BARS = 500;

  /**
   * Something that happened to the system.
   *
   * @param nanos on the clock of the history
   */
  public record Mark(long nanos, String what) {}

  private final String key;
  private final Verdict.Violation violation;
  private final List<Mark> marks;
  private final Set<Operation> core;
  private final Operation unexplained;
  private final long from;
  private final long to;

  private Timeline(String key, Verdict.Violation violation, List<Mark> marks) {
    this.key = key;
    this.violation = violation;
    this.core = new HashSet<>(violation.core());
    // Those that stand for "all before" have no call of their own, and are not in the history.
    List<Operation> real =
        violation.history().stream().filter(core::contains).filter(o -> !o.isOpen()).toList();
    this.unexplained =
        real.stream()
            .max(Comparator.comparingLong(Operation::returned))
            .orElseGet(() -> violation.history().get(violation.history().size() - 1));
    long begin = real.stream().mapToLong(Operation::call).min().orElseGet(unexplained::call);
    long end = unexplained.isOpen() ? unexplained.call() : unexplained.returned();
    // Faults shortly before are often the cause: a third more to the left than the core needs.
    long margin = Math.max((end - begin) / 3, 1_000);
    this.from = begin - margin;
    this.to = end + margin / 5;
    this.marks = marks.stream().filter(m -> m.nanos() >= from && m.nanos() <= to).toList();
  }

  /** The page, in UTF-8. */
  public static String html(String key, Verdict.Violation violation, List<Mark> marks) {
    return new Timeline(key, violation, marks).page();
  }

  private String page() {
    List<Operation> bars =
        new ArrayList<>(
            violation.history().stream()
                .filter(o -> o.call() <= to && o.returned() >= from)
                .toList());
    bars.sort(Comparator.comparingLong(Operation::call));
    int hidden = Math.max(0, bars.size() - MAX_BARS);
    // The newest, but for those that contradict each other: they are the point of the page.
    List<Operation> shown = new ArrayList<>();
    for (int i = 0; i < bars.size(); i++) {
      if (i >= hidden || core.contains(bars.get(i))) {
        shown.add(bars.get(i));
      }
    }
    TreeMap<Integer, Integer> rows = new TreeMap<>();
    shown.forEach(o -> rows.put(o.client(), 0));
    int next = 0;
    for (Integer client : List.copyOf(rows.keySet())) {
      rows.put(client, next++);
    }
    int height = TOP + rows.size() * ROW + 40;
    StringBuilder out = new StringBuilder(64 << 10);
    out.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
        .append(escape("key " + key))
        .append("</title><style>")
        .append("body{font:14px sans-serif;margin:20px}text{font:11px sans-serif}")
        .append("rect.bar{fill:#9db8d2;stroke:#567}rect.core{fill:#e88;stroke:#a00;stroke-width:2}")
        .append("rect.open{stroke-dasharray:4 3}rect.unexplained{fill:#fdd}")
        .append("line.mark{stroke:#b60}text.mark{fill:#b60}line.row{stroke:#ddd}")
        .append("pre{background:#f4f4f4;padding:10px;overflow-x:auto}</style></head><body>\n<h1>")
        .append(escape("Key " + key + " cannot be explained"))
        .append("</h1>\n<p>Red: operations that contradict each other. Shaded: the answer that")
        .append(" nothing explains. Dashed: no answer came. Orange: faults.")
        .append(hidden == 0 ? "" : " " + (bars.size() - shown.size()) + " older bars left out.")
        .append("</p>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"")
        .append(LEFT + WIDTH + 20)
        .append("\" height=\"")
        .append(height)
        .append("\">\n");
    long end = unexplained.isOpen() ? to : unexplained.returned();
    rect(out, "unexplained", unexplained.call(), end, TOP - 10, height - TOP - 20);
    out.append("</rect>\n");
    drawMarks(out, height);
    rows.forEach((client, row) -> drawRow(out, client, TOP + row * ROW));
    for (Operation o : shown) {
      drawBar(out, o, TOP + rows.getOrDefault(o.client(), 0) * ROW);
    }
    for (int i = 0; i <= 10; i++) {
      long at = from + (to - from) / 10 * i;
      String label = String.format(Locale.ROOT, "%.3f ms", at / 1e6);
      text(out, "", x(at) - 20, height - 12, label);
    }
    return out.append("</svg>\n<pre>")
        .append(escape(violation.report()))
        .append("</pre>\n</body></html>\n")
        .toString();
  }

  private void drawMarks(StringBuilder out, int height) {
    int level = 0;
    for (Mark mark : marks) {
      double x = x(mark.nanos());
      int y = 20 + level++ % 9 * 13;
      out.append(
          String.format(
              Locale.ROOT,
              "<line class=\"mark\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>%n",
              x,
              y,
              x,
              height - 28));
      text(out, "mark", x + 3, y, mark.what());
    }
  }

  private static void drawRow(StringBuilder out, int client, int y) {
    text(out, "", 4, y + 13, "client " + client);
    out.append(
        String.format(
            Locale.ROOT,
            "<line class=\"row\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>%n",
            LEFT,
            y + ROW - 4,
            LEFT + WIDTH,
            y + ROW - 4));
  }

  private void drawBar(StringBuilder out, Operation o, int y) {
    String kind = core.contains(o) ? "bar core" : "bar";
    rect(out, o.isOpen() ? kind + " open" : kind, o.call(), o.isOpen() ? to : o.returned(), y, 18);
    out.append("<title>").append(escape(o.show())).append("</title></rect>\n");
    String label = o.command().show() + " \u2192 " + o.answer().show();
    double room = x(Math.min(to, o.returned())) - x(Math.max(from, o.call()));
    // About 6 pixels a letter; red ones are told whatever they cover.
    if (core.contains(o) || label.length() * 6 < room) {
      String whole = label.length() <= 60 ? label : label.substring(0, 57) + "...";
      text(out, "", x(Math.max(from, o.call())) + 3, y + 13, whole);
    }
  }

  private void rect(StringBuilder out, String kind, long begin, long end, int y, int height) {
    double left = x(Math.max(from, begin));
    double right = x(Math.min(to, end));
    out.append(
        String.format(
            Locale.ROOT,
            "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\">",
            kind,
            left,
            y,
            Math.max(2, right - left),
            height));
  }

  private static void text(StringBuilder out, String kind, double x, int y, String what) {
    out.append(String.format(Locale.ROOT, "<text class=\"%s\" x=\"%.1f\" y=\"%d\">", kind, x, y));
    out.append(escape(what)).append("</text>\n");
  }

  private double x(long nanos) {
    return LEFT + (double) (nanos - from) / (to - from) * WIDTH;
  }

  /** Values are any bytes: what HTML does not take as text becomes a dot. */
  private static String escape(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '&' -> out.append("&amp;");
        case '"' -> out.append("&quot;");
        case '\n' -> out.append(c);
        default -> out.append(Character.isISOControl(c) ? '.' : c);
      }
    }
    return out.toString();
  }
}
