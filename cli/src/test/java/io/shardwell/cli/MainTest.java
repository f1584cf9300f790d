package io.shardwell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Shows the exit codes that scripts rely on, by running commands that need no node. */
class MainTest {

  private final CommandLineHarness shell = new CommandLineHarness();

  @Test
  void helpAndVersionAreNoMistakes() {
    assertThat(shell.run("--help")).isZero();
    assertThat(shell.out()).contains("Usage: shardwell").contains("dev").contains("serve");
    assertThat(shell.run("--version")).isZero();
    assertThat(shell.out()).startsWith("shardwell ");
    for (String command : List.of("dev", "serve", "cluster", "get", "set", "exec")) {
      assertThat(shell.run(command, "--help")).as(command).isZero();
      assertThat(shell.out()).as(command).contains("Usage: shardwell " + command);
    }
  }

  @Test
  void wrongUsageIsTwoAndSaysWhereToLook() {
    assertThat(shell.run()).isEqualTo(2);
    assertThat(shell.err()).contains("Missing required subcommand").contains("Usage: shardwell");
    assertThat(shell.run("get")).isEqualTo(2);
    assertThat(shell.err())
        .isEqualTo("Missing required parameter: 'KEY'\nTry: shardwell get --help\n");
    assertThat(shell.run("gte", "a")).isEqualTo(2);
    assertThat(shell.err()).contains("gte").contains("Usage: shardwell");
    assertThat(shell.run("get", "a", "b")).isEqualTo(2);
    assertThat(shell.run("get", "a", "--port", "x")).isEqualTo(2);
    assertThat(shell.run("cluster")).isEqualTo(2);
    assertThat(shell.run("cluster", "status", "--format", "xml")).isEqualTo(2);
    assertThat(shell.out()).isEmpty();
  }

  @Test
  void devRefusesWhatCannotWork() {
    assertThat(shell.run("dev", "--nodes", "0")).isEqualTo(2);
    assertThat(shell.err()).startsWith("--nodes must be from 1 to 64: 0\n");
    assertThat(shell.run("dev", "--shards", "1025")).isEqualTo(2);
    assertThat(shell.run("dev", "--base-port", "55535")).isEqualTo(2);
    assertThat(shell.err()).startsWith("--base-port must be from 1 to 55533: 55535\n");
  }

  @Test
  void serveNamesWhatIsMissing() {
    assertThat(shell.run("serve")).isEqualTo(2);
    assertThat(shell.err())
        .startsWith("missing --id (or SHARDWELL_ID, or id in a --config file)\n");
    assertThat(shell.with("SHARDWELL_ID", "n1").run("serve")).isEqualTo(2);
    assertThat(shell.err()).startsWith("missing --dir ");
  }

  @Test
  void nobodyThereIsOne() {
    // Port 0 is nobody's: connecting to it fails at once everywhere.
    assertThat(shell.run("get", "a", "--port", "0")).isEqualTo(1);
    assertThat(shell.err()).startsWith("Could not connect to a node at 127.0.0.1:0: ");
    assertThat(shell.run("cluster", "status", "--port", "0")).isEqualTo(1);
    assertThat(shell.run("get", "a", "--port", "70000")).isEqualTo(1);
    assertThat(shell.out()).isEmpty();
  }
}
