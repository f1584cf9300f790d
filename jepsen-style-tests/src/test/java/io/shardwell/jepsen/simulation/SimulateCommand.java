package io.shardwell.jepsen.simulation;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code bin/shardwell simulate}: runs scenarios from their seeds and says what they amounted to,
 * or what broke and how to see it again. Exit codes: 0 every promise was kept, 1 one was broken, 2
 * usage.
 */
@Command(
    name = "shardwell simulate",
    sortOptions = false,
    description =
        "Runs a whole cluster in one thread on a simulated clock, network and disk, with faults, and"
            + " checks every answer its clients got. A seed is a whole run: what is not given is"
            + " drawn from it, and the same seed gives the same run on every machine.%n")
final class SimulateCommand implements Callable<Integer> {

  /** Runs of a scenario that {@code --shrink} may take. */
  private static final int SHRINK_RUNS = 300;

  @Option(names = "--seed", paramLabel = "N", description = "The (first) seed; default: the time.")
  @Nullable Long seed;

  @Option(
      names = "--runs",
      paramLabel = "COUNT",
      defaultValue = "1",
      description = "Seeds to try, from the first one upwards (default: ${DEFAULT-VALUE}).")
  int runs;

  @Option(
      names = "--minutes",
      paramLabel = "M",
      description = "Instead of --runs: new seeds for so long.")
  @Nullable Integer minutes;

  @Option(names = "--nodes", paramLabel = "N", description = "Nodes, 2 to 9.")
  @Nullable Integer nodes;

  @Option(names = "--replicas", paramLabel = "N", description = "Replicas of a shard, 1 to 7.")
  @Nullable Integer replicas;

  @Option(names = "--shards", paramLabel = "N", description = "Shards, 1 to 64.")
  @Nullable Integer shards;

  @Option(names = "--clients", paramLabel = "N", description = "Clients, 1 to 64.")
  @Nullable Integer clients;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "Simulated seconds of load and faults, 1 to 36000.")
  @Nullable Integer seconds;

  @Option(
      names = "--snapshots",
      split = ",",
      arity = "1",
      paramLabel = "BYTES,ENTRIES",
      description = "So much log behind the last snapshot, or so many entries, make the next one.")
  List<Long> snapshots = List.of();

  @Option(
      names = "--faults",
      paramLabel = "LIST",
      description = "Kinds of faults, with commas: ${FAULTS}; or none, or all.")
  @Nullable String faults;

  @Option(
      names = "--steer",
      description = "Half of the faults wait for a rare phase (an election, a snapshot, ...).")
  boolean steer;

  @Option(
      names = "--storm",
      description = "Faults ten times as often, each in a rare phase that is brought about for it.")
  boolean storm;

  @Option(
      names = "--storm-focus",
      paramLabel = "PHASE",
      description = "A storm, most of it in that phase: ${FOCI}.")
  @Nullable String stormFocus;

  @Option(
      names = "--storm-goal",
      paramLabel = "COUNT",
      description =
          "Storms, each on a phase and with the kinds of faults that have met less often than that"
              + " in this sweep.")
  @Nullable Integer stormGoal;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Runs at the same time, 1 to 64 (default: ${DEFAULT-VALUE}).")
  int threads;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Writes what all runs amounted to as JSON in that file.")
  @Nullable Path report;

  @Option(
      names = "--add-up",
      split = ",",
      paramLabel = "FILES",
      description = "Runs nothing, but adds up what others have reported.")
  List<Path> addUp = List.of();

  @Option(
      names = "--without",
      split = ",",
      paramLabel = "NUMBERS",
      description = "Leaves these faults out, by their numbers in the story.")
  Set<Integer> without = new TreeSet<>();

  @Option(
      names = "--shrink",
      description = "Looks for a smaller scenario that is broken too: fewer faults and clients.")
  boolean shrink;

  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description = "Tells the story line by line in that file ('-': here).")
  @Nullable String trace;

  @Option(
      names = "--timeline",
      paramLabel = "FILE",
      description = "If an answer cannot be explained, draws it as an HTML page in that file.")
  @Nullable Path timeline;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this.")
  boolean help;

  @Spec CommandSpec spec = CommandSpec.create();

  /** Runs the command and exits. */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    System.setProperty(
        "FAULTS",
        String.join(", ", Arrays.stream(Fault.values()).map(SimulateCommand::optionName).toList()));
    System.setProperty(
        "FOCI", String.join(", ", Storm.foci().stream().map(SimulateCommand::optionName).toList()));
    return new CommandLine(new SimulateCommand());
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Totals totals = new Totals();
    if (!addUp.isEmpty()) {
      for (Path each : addUp) {
        Report.addTo(totals, each);
      }
    } else {
      sweep(totals, out);
    }
    if (!addUp.isEmpty() || minutes != null || runs > 1) {
      out.println(totals);
    }
    out.flush();
    if (report != null) {
      Report.write(report, totals);
    }
    return totals.isSound() ? 0 : 1;
  }

  private void sweep(Totals totals, PrintWriter out) throws IOException {
    int parallel = inRange("--threads", threads, 1, 64);
    if (parallel > 1 && trace != null) {
      throw new ParameterException(spec.commandLine(), "--trace tells of one run at a time");
    }
    long first = seed == null ? System.currentTimeMillis() : seed;
    long deadline =
        minutes == null ? Long.MAX_VALUE : System.nanoTime() + TimeUnit.MINUTES.toNanos(minutes);
    long count = minutes == null ? runs : Long.MAX_VALUE;
    Steering steering =
        stormGoal == null
            ? null
            : new Steering(totals, inRange("--storm-goal", stormGoal, 1, 1 << 20));
    AtomicLong next = new AtomicLong();
    try (Story story = Story.to(trace, out)) {
      Runnable work =
          () -> {
            for (long i = next.getAndIncrement();
                i < count && System.nanoTime() < deadline;
                i = next.getAndIncrement()) {
              Scenario scenario = scenario(first + i);
              run(steering == null ? scenario : steering.aim(scenario), totals, story, out);
            }
          };
      // Usage errors of the scenario's options come up here, in the thread that can tell of them.
      Scenario unused = scenario(first);
      inThreads(parallel, work);
    }
  }

  /** This thread is one of them. Whatever a thread dies of is thrown here. */
  private static void inThreads(int count, Runnable work) {
    List<CompletableFuture<Void>> others = new ArrayList<>();
    for (int i = 1; i < count; i++) {
      CompletableFuture<Void> other = new CompletableFuture<>();
      Thread thread =
          new Thread(
              () -> {
                try {
                  work.run();
                  other.complete(null);
                } catch (RuntimeException | Error fatal) {
                  other.completeExceptionally(fatal);
                }
              },
              "simulate-" + i);
      thread.start();
      others.add(other);
    }
    work.run();
    others.forEach(CompletableFuture::join);
  }

  private void run(Scenario scenario, Totals totals, Story story, PrintWriter out) {
    say(out, scenario.toString());
    try {
      Run.Summary summary = Run.of(scenario, story.listener());
      totals.add(summary);
      say(out, describe(scenario, summary));
    } catch (SimulationFailure failure) {
      totals.addBroken(scenario);
      say(out, "BROKEN " + failure.getMessage());
      draw(failure, out);
      if (shrink) {
        SimulationFailure small =
            new Shrinker(Shrinker::failureOf, SHRINK_RUNS, line -> say(out, line))
                .shrink(scenario, failure);
        say(out, "SHRUNK " + small.getMessage());
      }
    }
  }

  /** Told at once, and as a whole: others may be talking too. */
  private static void say(PrintWriter out, String lines) {
    out.println(lines);
    out.flush();
  }

  private void draw(SimulationFailure failure, PrintWriter out) {
    String page = failure.timeline();
    if (timeline == null || page == null) {
      return;
    }
    try {
      Files.writeString(timeline, page);
      say(out, "timeline: " + timeline);
    } catch (IOException failed) {
      say(out, "no timeline: " + failed);
    }
  }

  Scenario scenario(long ofSeed) {
    Scenario scenario = Scenario.drawn(ofSeed);
    if (nodes != null) {
      scenario = scenario.withNodes(inRange("--nodes", nodes, 2, 9));
    }
    if (replicas != null) {
      scenario = scenario.withReplicas(inRange("--replicas", replicas, 1, 7));
    }
    if (shards != null) {
      scenario = scenario.withShards(inRange("--shards", shards, 1, 64));
    }
    if (clients != null) {
      scenario = scenario.withClients(inRange("--clients", clients, 1, 64));
    }
    if (seconds != null) {
      scenario = scenario.withSeconds(inRange("--seconds", seconds, 1, 36_000));
    }
    if (!snapshots.isEmpty()) {
      if (snapshots.size() != 2 || snapshots.get(0) < 1_000) {
        throw new ParameterException(
            spec.commandLine(), "--snapshots must be two numbers, the first 1000 or more");
      }
      int entries = inRange("--snapshots", Math.toIntExact(snapshots.get(1)), 50, 1 << 20);
      scenario = scenario.withSnapshots(snapshots.get(0), entries);
    }
    if (faults != null) {
      scenario = scenario.withFaults(faults(faults));
    }
    if (steer) {
      scenario = scenario.withSteering();
    }
    if (storm || stormFocus != null || stormGoal != null) {
      Set<Fault> chosen = faults == null ? EnumSet.allOf(Fault.class) : scenario.faults();
      scenario = scenario.withFaults(chosen).withStorm();
    }
    if (stormFocus != null) {
      scenario = scenario.withStormOn(named(Storm.foci(), "phase of a storm", stormFocus));
    }
    return scenario.leavingOut(without);
  }

  private int inRange(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new ParameterException(
          spec.commandLine(), option + " must be " + least + " to " + most + ", not " + value);
    }
    return value;
  }

  private Set<Fault> faults(String list) {
    if (list.equals("all")) {
      return EnumSet.allOf(Fault.class);
    }
    Set<Fault> chosen = EnumSet.noneOf(Fault.class);
    if (list.equals("none")) {
      return chosen;
    }
    for (String name : list.split(",", -1)) {
      chosen.add(named(EnumSet.allOf(Fault.class), "fault", name.strip()));
    }
    return chosen;
  }

  private <E extends Enum<E>> E named(Set<E> all, String what, String name) {
    return all.stream()
        .filter(each -> optionName(each).equals(name))
        .findAny()
        .orElseThrow(
            () ->
                new ParameterException(spec.commandLine(), "no such " + what + ": '" + name + "'"));
  }

  /** As in {@code --faults}. */
  static String optionName(Enum<?> constant) {
    return CountTable.nameOf(constant.name());
  }

  private static String describe(Scenario scenario, Run.Summary summary) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "  seed %d kept every promise: %.1f simulated s, %d events, %d frames, %d crashes, %d terms,"
                + " %.1f s without a leader; %d operations judged, %d keys undecided; trace %016x%n",
            scenario.seed(),
            summary.simulatedNanos() / 1e9,
            summary.events(),
            summary.frames(),
            summary.crashes().total(),
            summary.terms(),
            summary.withoutLeaderNanos() / 1e9,
            summary.history().operations(),
            summary.history().undecided().size(),
            summary.traceHash()));
    return text.append("  faults ")
        .append(summary.faults().totals())
        .append(", replies ")
        .append(summary.replies())
        .toString();
  }

  /** Where the story goes. */
  private record Story(@Nullable PrintWriter to, boolean owned) implements AutoCloseable {

    static Story to(@Nullable String file, PrintWriter out) throws IOException {
      if (file == null) {
        return new Story(null, false);
      }
      return file.equals("-")
          ? new Story(out, false)
          : new Story(
              new PrintWriter(Files.newBufferedWriter(Path.of(file), StandardCharsets.UTF_8)),
              true);
    }

    @Nullable Consumer<String> listener() {
      return to == null ? null : to::println;
    }

    @Override
    public void close() {
      if (to != null && owned) {
        to.close();
      }
    }
  }
}
