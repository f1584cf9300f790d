package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
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
    assertThat(out.toString()).contains("3 seeds sound", "0 broken");
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
            .withStorm()
            .withFaults(EnumSet.of(Fault.KILL, Fault.ONE_WAY_CUT));
    String[] words = scenario.replayLine().split(" ");
    assertThat(words).startsWith("bin/shardwell", "simulate");
    SimulateCommand command = new SimulateCommand();
    new CommandLine(command).parseArgs(Arrays.copyOfRange(words, 2, words.length));
    assertThat(command.scenario(SEED)).isEqualTo(scenario);
    assertThat(Scenario.drawn(SEED).replayLine()).isEqualTo("bin/shardwell simulate --seed 42");
  }

  @Test
  void nonsenseIsAUsageErrorThatSaysWhatIsPossible() {
    assertThat(run("--faults", "kill,earthquake")).isEqualTo(2);
    assertThat(err.toString()).contains("no such fault: 'earthquake'", "power-cut");
    assertThat(run("--nodes", "1")).isEqualTo(2);
  }
}
