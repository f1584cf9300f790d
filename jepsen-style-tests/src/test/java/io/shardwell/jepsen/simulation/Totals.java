package io.shardwell.jepsen.simulation;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** What many runs amounted to; made when they begin. Any thread may add to it. */
final class Totals {
  private final CountTable<Fault, Phase> faults = new CountTable<>(Fault.class, Phase.class);

  private final CountTable<Crash.Step, Crash.UnderWay> crashes =
      new CountTable<>(Crash.Step.class, Crash.UnderWay.class);

  private final List<String> replayLines = new ArrayList<>();
  private final long startNanos = System.nanoTime();
  private final long startCpuNanos = cpuNanos();
  private long sound;
  private long events;
  private long keys;
  private long operations;
  private long undecided;
  private long simulatedMillis;
  private long longestWithoutLeaderMillis;

  // Of reports that were added: of sweeps that are over.
  private long earlierMillis;
  private long earlierCpuMillis;

  /** Of the whole process: its compiler and its collector are part of what a run costs. */
  private static long cpuNanos() {
    return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
        .getProcessCpuTime();
  }

  /** A run that kept every promise. */
  synchronized void add(Run.Summary summary) {
    sound++;
    events += summary.events();
    crashes.add(summary.crashes());
    keys += summary.history().keys();
    operations += summary.history().operations();
    undecided += summary.history().undecided().size();
    faults.add(summary.faults());
    simulatedMillis += summary.simulatedNanos() / VirtualTime.MILLI;
    longestWithoutLeaderMillis =
        Math.max(longestWithoutLeaderMillis, summary.withoutLeaderNanos() / VirtualTime.MILLI);
  }

  /** A run that did not. */
  synchronized void addBroken(Scenario scenario) {
    replayLines.add(scenario.replayLine());
  }

  synchronized boolean isSound() {
    return replayLines.isEmpty() && undecided == 0;
  }

  /** How often a kind of fault has struck in a phase. */
  synchronized long count(Fault fault, Phase phase) {
    return faults.count(fault, phase);
  }

  /** How to see each broken run again. */
  synchronized List<String> replayLines() {
    return List.copyOf(replayLines);
  }

  /** Everything that is counted, by names that a report has too. */
  synchronized Map<String, Long> figures() {
    Map<String, Long> figures = new TreeMap<>();
    figures.put("seeds.sound", sound);
    figures.put("seeds.broken", (long) replayLines.size());
    figures.put("events", events);
    figures.put("keys", keys);
    figures.put("operations", operations);
    figures.put("keys.undecided", undecided);
    figures.put("simulated.ms", simulatedMillis);
    figures.put("cpu.ms", cpuMillis());
    figures.put("wall.ms", wallMillis());
    figures.put("without-leader.max-ms", longestWithoutLeaderMillis);
    figures.put("injections", faults.total());
    figures.put("injections.kinds", (long) faults.totals().size());
    figures.put("crashes", crashes.total());
    figures.put("crashes.in-a-turn", crashesInTurns());
    faults.forEach("fault.", figures::put);
    crashes.forEach("crash.", figures::put);
    return figures;
  }

  /** Adds what another sweep reported. */
  synchronized void add(Map<String, Long> figures, List<String> broken) {
    sound += figures.getOrDefault("seeds.sound", 0L);
    events += figures.getOrDefault("events", 0L);
    keys += figures.getOrDefault("keys", 0L);
    operations += figures.getOrDefault("operations", 0L);
    undecided += figures.getOrDefault("keys.undecided", 0L);
    simulatedMillis += figures.getOrDefault("simulated.ms", 0L);
    earlierCpuMillis += figures.getOrDefault("cpu.ms", 0L);
    earlierMillis += figures.getOrDefault("wall.ms", 0L);
    longestWithoutLeaderMillis =
        Math.max(longestWithoutLeaderMillis, figures.getOrDefault("without-leader.max-ms", 0L));
    faults.add("fault.", figures);
    crashes.add("crash.", figures);
    replayLines.addAll(broken);
  }

  private long cpuMillis() {
    return earlierCpuMillis + TimeUnit.NANOSECONDS.toMillis(cpuNanos() - startCpuNanos);
  }

  private long wallMillis() {
    return earlierMillis + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
  }

  private long crashesInTurns() {
    return crashes.totals().entrySet().stream()
        .filter(each -> each.getKey().isInTurn())
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /** The figures in words, then both tables, then how to see what broke. */
  @Override
  public synchronized String toString() {
    double hours = simulatedMillis / 3.6e6;
    double cpuMinutes = Math.max(1, cpuMillis()) / 6e4;
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%d seeds sound, %d broken in %.1f min (CPU %.1f min): %.2f simulated hours, %.2f per"
                    + " CPU minute; %d events, %d injections of %d kinds, %d crashes, %d of them"
                    + " within a turn; %d operations on %d keys judged, %d keys undecided; longest"
                    + " without a leader that nothing was in the way of: %d ms",
                sound,
                replayLines.size(),
                wallMillis() / 6e4,
                cpuMinutes,
                hours,
                hours / cpuMinutes,
                events,
                faults.total(),
                faults.totals().size(),
                crashes.total(),
                crashesInTurns(),
                operations,
                keys,
                undecided,
                longestWithoutLeaderMillis));
    if (faults.total() > 0) {
      text.append(System.lineSeparator()).append(faults);
    }
    if (crashes.total() > 0) {
      text.append(System.lineSeparator()).append(crashes);
    }
    replayLines.forEach(
        each -> text.append(System.lineSeparator()).append("  replay: ").append(each));
    return text.toString();
  }
}
