package io.shardwell.jepsen.faults;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What each kind of fault has cost so far, as a table and as JSON. */
final class FaultFigures {
  private static final class Row {
    int times;
    long longestAny;
    long longestShard;
    long longestAfterMending;
    long sumShard;
  }

  /** Rows by kind; pairs of kinds have their own. */
  private final Map<String, Row> rows = new TreeMap<>();

  void add(String kind, Availability.Cost cost) {
    Row row = rows.computeIfAbsent(kind, k -> new Row());
    row.times++;
    row.longestAny = Math.max(row.longestAny, cost.anyMillis());
    row.longestShard = Math.max(row.longestShard, cost.shardMillis());
    row.longestAfterMending = Math.max(row.longestAfterMending, cost.afterMendingMillis());
    row.sumShard += cost.shardMillis();
  }

  int injections() {
    return rows.values().stream().mapToInt(row -> row.times).sum();
  }

  /** Times in milliseconds. */
  String table() {
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%-28s %6s %10s %12s %12s %14s%n",
                "fault",
                "times",
                "any shard",
                "worst shard",
                "mean worst",
                "after mending"));
    rows.forEach(
        (kind, row) ->
            text.append(
                String.format(
                    Locale.ROOT,
                    "%-28s %6d %10d %12d %12d %14d%n",
                    kind,
                    row.times,
                    row.longestAny,
                    row.longestShard,
                    row.sumShard / row.times,
                    row.longestAfterMending)));
    return text.toString();
  }

  /** An array with an object per kind, times in milliseconds. */
  String json() {
    StringBuilder text = new StringBuilder("[");
    rows.forEach(
        (kind, row) ->
            text.append(text.length() == 1 ? "" : ",")
                .append(
                    String.format(
                        Locale.ROOT,
                        "%n  {\"fault\": \"%s\", \"times\": %d, \"longestAnyShard\": %d,"
                            + " \"longestWorstShard\": %d, \"meanWorstShard\": %d,"
                            + " \"longestAfterMending\": %d}",
                        kind,
                        row.times,
                        row.longestAny,
                        row.longestShard,
                        row.sumShard / row.times,
                        row.longestAfterMending)));
    return text.append("\n]\n").toString();
  }
}
