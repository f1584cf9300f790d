package io.shardwell.jepsen.simulation;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * How often each kind of fault was injected, and in which phases. One that struck while two things
 * went on counts in both columns, so a row's columns may add up to more than its total.
 */
final class FaultTable {
  private final Map<Fault, Integer> totals = new EnumMap<>(Fault.class);
  private final Map<Fault, Map<Phase, Integer>> cells = new EnumMap<>(Fault.class);

  /** One injection, made while the cluster was busy with this. */
  void add(Fault fault, Set<Phase> phases) {
    totals.merge(fault, 1, Integer::sum);
    for (Phase phase : phases) {
      addCell(fault, phase, 1);
    }
  }

  void add(FaultTable other) {
    other.totals.forEach((fault, count) -> totals.merge(fault, count, Integer::sum));
    other.cells.forEach(
        (fault, row) -> row.forEach((phase, count) -> addCell(fault, phase, count)));
  }

  private void addCell(Fault fault, Phase phase, int count) {
    cells.computeIfAbsent(fault, f -> new EnumMap<>(Phase.class)).merge(phase, count, Integer::sum);
  }

  int count(Fault fault, Phase phase) {
    return cells.getOrDefault(fault, Map.of()).getOrDefault(phase, 0);
  }

  Map<Fault, Integer> totals() {
    return Collections.unmodifiableMap(totals);
  }

  /** A line per kind that was injected, a column per phase. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%-17s %8s", "fault", "all"));
    Arrays.stream(Phase.values())
        .forEach(
            phase ->
                text.append(
                    String.format(Locale.ROOT, " %16s", phase.name().toLowerCase(Locale.ROOT))));
    totals.forEach(
        (fault, total) -> {
          text.append(
              String.format(Locale.ROOT, "%n%-17s %8d", SimulateCommand.optionName(fault), total));
          for (Phase phase : Phase.values()) {
            text.append(String.format(Locale.ROOT, " %16d", count(fault, phase)));
          }
        });
    return text.toString();
  }
}
