package io.shardwell.jepsen.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class SimulatedClientTest {

  /**
   * A node is cut off when a command arrives, and paused before the command's patience is over,
   * which then goes on where it was: the answer is legal, and later than clients used to wait.
   */
  @Test
  void anAnswerThatAPauseDelaysIsNotMissing() {
    StringWriter out = new StringWriter();
    String line =
        "--seed 780363 --shards 4 --clients 1 --seconds 20 --snapshots 1000,50"
            + " --faults kill,restart,pause,isolate,one-way-cut"
            + " --storm --storm-focus snapshot-install";
    int exitCode =
        SimulateCommand.commandLine().setOut(new PrintWriter(out)).execute(line.split(" "));
    assertThat(exitCode).as(out.toString()).isZero();
  }
}
