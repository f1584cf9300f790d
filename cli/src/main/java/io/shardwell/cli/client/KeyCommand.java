package io.shardwell.cli.client;

import io.shardwell.cli.CommandFailure;
import io.shardwell.cli.Surroundings;
import io.shardwell.server.client.RespClient;
import io.shardwell.server.client.RespValue;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends one Redis command to one node and writes the reply. */
abstract class KeyCommand implements Callable<Integer> {

  @Mixin NodeAddress node;

  @Option(
      names = "--raw",
      negatable = true,
      description = "Bare values, for scripts; the default unless a terminal reads them.")
  @Nullable Boolean raw;

  @Option(names = "--help", usageHelp = true, description = "Shows this help.")
  boolean help;

  private final Surroundings surroundings;

  KeyCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /** The command and its arguments as they go to the node. */
  abstract List<String> redisCommand();

  @Override
  public Integer call() {
    RespValue reply = ask();
    boolean bare = raw != null ? raw : !surroundings.terminal();
    byte[] lines = (bare ? ReplyFormat.RAW : ReplyFormat.PEOPLE).format(reply);
    boolean failed = reply instanceof RespValue.Failure;
    // Scripts read standard output: an error must not look like a value there.
    (failed ? surroundings.err() : surroundings.out()).writeBytes(lines);
    return failed ? ExitCode.SOFTWARE : ExitCode.OK;
  }

  private RespValue ask() {
    List<String> command = redisCommand();
    try (RespClient client = node.connect()) {
      return client.call(command.toArray(String[]::new));
    } catch (IOException failure) {
      throw new CommandFailure(
          "No reply from "
              + node
              + " ("
              + failure.getMessage()
              + "). Whether the command took effect is unknown.");
    }
  }
}
