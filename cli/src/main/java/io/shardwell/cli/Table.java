package io.shardwell.cli;

import java.util.ArrayList;
import java.util.List;

/** Text in columns: as wide as their widest cell, two spaces apart, no trailing blanks. */
public final class Table {

  private final List<String> headers;
  private final List<Boolean> alignedRight;
  private final List<List<String>> rows = new ArrayList<>();

  /** A header that starts with {@code >} makes its column align to the right. */
  public Table(String... headers) {
    this.headers = new ArrayList<>(headers.length);
    this.alignedRight = new ArrayList<>(headers.length);
    for (String header : headers) {
      alignedRight.add(header.startsWith(">"));
      this.headers.add(header.startsWith(">") ? header.substring(1) : header);
    }
  }

  /** Adds a row of as many cells as there are headers. */
  public Table row(Object... cells) {
    if (cells.length != headers.size()) {
      throw new IllegalArgumentException(cells.length + " cells under " + headers.size());
    }
    List<String> row = new ArrayList<>(cells.length);
    for (Object cell : cells) {
      row.add(cell.toString());
    }
    rows.add(row);
    return this;
  }

  /** All lines, each ended by a line feed. */
  public String render() {
    int[] widths = new int[headers.size()];
    widen(widths, headers);
    rows.forEach(row -> widen(widths, row));
    StringBuilder out = new StringBuilder();
    append(out, headers, widths);
    rows.forEach(row -> append(out, row, widths));
    return out.toString();
  }

  private static void widen(int[] widths, List<String> cells) {
    for (int i = 0; i < widths.length; i++) {
      widths[i] = Math.max(widths[i], cells.get(i).length());
    }
  }

  private void append(StringBuilder out, List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String cell = cells.get(i);
      String blanks = " ".repeat(widths[i] - cell.length());
      line.append(i == 0 ? "" : "  ");
      line.append(alignedRight.get(i) ? blanks + cell : cell + blanks);
    }
    out.append(line.toString().stripTrailing()).append('\n');
  }
}
