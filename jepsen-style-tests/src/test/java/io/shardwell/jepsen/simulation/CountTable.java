package io.shardwell.jepsen.simulation;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * How often something of each kind (a row) happened while this or that went on (the columns). What
 * happened while two things went on counts in both columns, so a row's columns may add up to more
 * than its total.
 */
final class CountTable<R extends Enum<R>, C extends Enum<C>> {
  private final Class<R> rows;
  private final Class<C> columns;
  private final Map<R, Long> totals;
  private final Map<R, Map<C, Long>> cells;

  CountTable(Class<R> rows, Class<C> columns) {
    this.rows = rows;
    this.columns = columns;
    this.totals = new EnumMap<>(rows);
    this.cells = new EnumMap<>(rows);
  }

  /** One more of a kind, while all of this went on. */
  void add(R row, Set<C> goingOn) {
    addTotal(row, 1);
    goingOn.forEach(column -> addCell(row, column, 1));
  }

  void add(CountTable<R, C> other) {
    other.totals.forEach(this::addTotal);
    other.cells.forEach(
        (row, counts) -> counts.forEach((column, count) -> addCell(row, column, count)));
  }

  private void addTotal(R row, long count) {
    totals.merge(row, count, Long::sum);
  }

  private void addCell(R row, C column, long count) {
    cells.computeIfAbsent(row, r -> new EnumMap<>(columns)).merge(column, count, Long::sum);
  }

  long count(R row, C column) {
    return cells.getOrDefault(row, Map.of()).getOrDefault(column, 0L);
  }

  /** Kinds that came up at all. */
  Map<R, Long> totals() {
    return Collections.unmodifiableMap(totals);
  }

  /** Of all kinds together. */
  long total() {
    return totals.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Tells every number but 0 under its name: a row's total, then its cells. */
  void forEach(String prefix, BiConsumer<String, Long> figures) {
    totals.forEach((row, count) -> figures.accept(prefix + nameOf(row.name()), count));
    cells.forEach(
        (row, counts) ->
            counts.forEach((column, count) -> figures.accept(nameOf(prefix, row, column), count)));
  }

  /** Adds numbers that have been told so. */
  void add(String prefix, Map<String, Long> figures) {
    for (R row : rows.getEnumConstants()) {
      Long total = figures.get(prefix + nameOf(row.name()));
      if (total != null) {
        addTotal(row, total);
      }
      for (C column : columns.getEnumConstants()) {
        Long count = figures.get(nameOf(prefix, row, column));
        if (count != null) {
          addCell(row, column, count);
        }
      }
    }
  }

  private static String nameOf(String prefix, Enum<?> row, Enum<?> column) {
    return prefix + nameOf(row.name()) + "." + nameOf(column.name());
  }

  /** A line per kind that came up, a column per thing that may go on. */
  @Override
  public String toString() {
    StringBuilder text =
        new StringBuilder(
            String.format(Locale.ROOT, "%-17s %8s", nameOf(rows.getSimpleName()), "all"));
    for (C column : columns.getEnumConstants()) {
      text.append(String.format(Locale.ROOT, " %16s", nameOf(column.name())));
    }
    totals.forEach(
        (row, total) -> {
          text.append(String.format(Locale.ROOT, "%n%-17s %8d", nameOf(row.name()), total));
          for (C column : columns.getEnumConstants()) {
            text.append(String.format(Locale.ROOT, " %16d", count(row, column)));
          }
        });
    return text.toString();
  }

  /** As on the command line: {@code POWER_CUT} is power-cut. */
  static String nameOf(String constant) {
    return constant.toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
