package io.shardwell.jepsen.checker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** Shows what a page about a known violation contains, by parsing its drawing. */
class TimelineTest {
  private static final KeyCommand GET = new KeyCommand.Get();

  /** Milliseconds, so that the page reads well. */
  private static Operation op(int client, KeyCommand command, int call, int end, Answer answer) {
    return new Operation(client, command, call * 1_000_000L, end * 1_000_000L, answer);
  }

  @Test
  void aStaleReadIsRedTheFaultIsDrawnAndTheReportFollows() throws Exception {
    List<Operation> history = new ArrayList<>();
    history.add(op(1, KeyCommand.set("<a&\u0001>"), 100, 200, Answer.Word.DONE));
    history.add(Operation.open(4, KeyCommand.setIfAbsent("x"), 250_000_000));
    history.add(op(2, KeyCommand.set("b"), 300, 400, Answer.Word.DONE));
    history.add(op(3, GET, 350, 390, Answer.text("b")));
    Operation stale = op(3, GET, 500, 600, Answer.text("<a&\u0001>"));
    history.add(stale);
    LinearizabilityChecker checker = new LinearizabilityChecker(KeyModel.EXACT);
    assertThat(checker.check(history)).isInstanceOf(Verdict.Violation.class);
    Verdict.Violation violation = (Verdict.Violation) checker.check(history);

    List<Timeline.Mark> marks =
        List.of(
            new Timeline.Mark(480_000_000, "fault 7: PAUSE"),
            new Timeline.Mark(9_000_000_000L, "fault 8: later"));
    String page = Timeline.html("k<1>", violation, marks);

    assertThat(page)
        .startsWith("<!DOCTYPE html>")
        .contains("Key k&lt;1&gt; cannot be explained", "fault 7: PAUSE")
        .contains("The first answer that nothing explains")
        .doesNotContain("fault 8", "<script", "src=", "<a&", "\u0001");
    Document drawing = svg(page);
    List<String> red = new ArrayList<>();
    NodeList bars = drawing.getElementsByTagName("rect");
    for (int i = 0; i < bars.getLength(); i++) {
      Element bar = (Element) bars.item(i);
      double x = Double.parseDouble(bar.getAttribute("x"));
      double width = Double.parseDouble(bar.getAttribute("width"));
      assertThat(x).isBetween(89.0, 1_490.0);
      assertThat(x + width).isLessThanOrEqualTo(1_493.0);
      if (bar.getAttribute("class").contains("core")) {
        red.add(bar.getTextContent());
      }
    }
    assertThat(red).last().asString().isEqualTo(stale.show().replace('\u0001', '.'));
    assertThat(red).hasSameSizeAs(violation.core().stream().filter(history::contains).toList());
  }

  @Test
  void ofALongHistoryTheOldestBarsAreLeftOutButNoRedOne() throws Exception {
    List<Operation> history = new ArrayList<>();
    Operation first = op(1, new KeyCommand.Increment(1), 1, 2_000, Answer.number(1));
    history.add(first);
    for (int i = 0; i < 900; i++) {
      history.add(op(2, GET, 10 + i, 2_000, Answer.Word.ANY));
    }
    Operation second = op(3, new KeyCommand.Increment(1), 1_000, 1_900, Answer.number(1));
    history.add(second);
    Verdict.Violation violation =
        new Verdict.Violation(List.copyOf(history), List.of(first, second), "by hand");
    String page = Timeline.html("n", violation, List.of());
    assertThat(page).contains("older bars left out");
    NodeList bars = svg(page).getElementsByTagName("rect");
    assertThat(bars.getLength()).isEqualTo(1 + 500 + 1);
    assertThat(page).contains(first.show().replace("->", "-&gt;"));
  }

  private static Document svg(String page) throws Exception {
    String svg = page.substring(page.indexOf("<svg"), page.indexOf("</svg>") + 6);
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)));
  }
}
