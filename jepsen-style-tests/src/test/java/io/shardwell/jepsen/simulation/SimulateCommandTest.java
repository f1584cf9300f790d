package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Shows that the command runs what it is told, by its exit codes and what it prints. */
class SimulateCommandTest {
  private static final long SEED = 42;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    return SimulateCommand.commandLine()
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(arguments);
  }

  @Test
  void aSoundRunExitsWithZeroAndShowsTheTraceThatTheSeedHas() {
    assertThat(run("--seed", "42", "--seconds", "2")).isZero();
    long hash = Run.of(Scenario.drawn(SEED).withSeconds(2)).traceHash();
    assertThat(out.toString()).contains("kept every promise", String.format("trace %016x", hash));
  }

  @Test
  void severalRunsEndWithATotal() {
    assertThat(run("--seed", "1", "--runs", "3", "--seconds", "1", "--faults", "none")).isZero();
    assertThat(out.toString()).contains("3 seeds sound, 0 broken");
  }

  @Test
  void theReplayLineOfAScenarioRunsThatScenario() {
    Scenario scenario =
        Scenario.drawn(SEED)
            .withNodes(4)
            .withReplicas(4)
            .withShards(7)
            .withClients(9)
            .withSeconds(3)
            .withSnapshots(5_000, 100)
            .leavingOut(Set.of(3, 17))
            .withSteering()
            .withStormOn(Phase.SNAPSHOT_INSTALL)
            .withFaults(EnumSet.of(Fault.KILL, Fault.ONE_WAY_CUT));
    String[] words = scenario.replayLine().split(" ");
    assertThat(words).startsWith("bin/shardwell", "simulate");
    SimulateCommand command = new SimulateCommand();
    new CommandLine(command).parseArgs(Arrays.copyOfRange(words, 2, words.length));
    assertThat(command.scenario(SEED)).isEqualTo(scenario);
    assertThat(Scenario.drawn(SEED).replayLine()).isEqualTo("bin/shardwell simulate --seed 42");
  }

  /** Two threads, then their reports twice: the sum is that of both, and a broken run stays one. */
  @Test
  void reportsOfSweepsAddUp(@TempDir Path folder) throws IOException {
    Path report = folder.resolve("report.json");
    String[] sweep = {"--seed", "1", "--runs", "2", "--seconds", "2", "--faults", "kill"};
    assertThat(run(with(sweep, "--threads", "2", "--report", report.toString()))).isZero();
    Totals once = new Totals();
    Report.addTo(once, report);
    assertThat(once.figures()).containsEntry("seeds.sound", 2L).containsKey("fault.kill");
    Path broken = folder.resolve("broken.json");
    once.addBroken(Scenario.drawn(SEED));
    Report.write(broken, once);
    assertThat(run("--add-up", report + "," + report)).isZero();
    assertThat(out.toString()).contains("4 seeds sound, 0 broken");
    assertThat(run("--add-up", report + "," + broken)).isEqualTo(1);
    assertThat(out.toString()).contains("4 seeds sound, 1 broken", "replay: bin/shardwell");
  }

  /** Each run is a matter of its seed alone, whatever runs beside it. */
  @Test
  void threadsChangeNoRun() {
    String[] sweep = {"--seed", "7", "--runs", "4", "--seconds", "2"};
    assertThat(run(with(sweep, "--threads", "3"))).isZero();
    List<String> traces = traces();
    out.getBuffer().setLength(0);
    assertThat(run(sweep)).isZero();
    assertThat(traces()).hasSize(4).isEqualTo(traces);
  }

  private List<String> traces() {
    return out.toString().lines().filter(line -> line.contains("trace ")).sorted().toList();
  }

  private static String[] with(String[] words, String... more) {
    return Stream.of(words, more).flatMap(Arrays::stream).toArray(String[]::new);
  }

  @Test
  void nonsenseIsAUsageErrorThatSaysWhatIsPossible() {
    assertThat(run("--faults", "kill,earthquake")).isEqualTo(2);
    assertThat(err.toString()).contains("no such fault: 'earthquake'", "power-cut");
    assertThat(run("--nodes", "1")).isEqualTo(2);
  }
}
