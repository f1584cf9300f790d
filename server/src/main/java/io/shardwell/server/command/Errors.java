package io.shardwell.server.command;

import io.shardwell.server.protocol.Answer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Error texts that several commands share, in Redis's words. */
final class Errors {

  static final Answer SYNTAX = Answer.failure("ERR syntax error");
  static final Answer NOT_AN_INTEGER =
      Answer.failure("ERR value is not an integer or out of range");

  private static final int ECHO_LENGTH = 128;

  private Errors() {}

  static Answer arity(String name) {
    return Answer.failure("ERR wrong number of arguments for '" + name + "' command");
  }

  /** For a call whose second word names no subcommand. */
  static Answer unknownSubcommand(Call call, String command) {
    return Answer.failure(
        "ERR unknown subcommand '"
            + echo(call, 1)
            + "'. Try "
            + command.toUpperCase(Locale.ROOT)
            + " HELP.");
  }

  static Answer subcommandArity(Call call, String command) {
    return arity(command + "|" + call.text(1).toLowerCase(Locale.ROOT));
  }

  /** A word of the call as it may stand in an error: at most 128 bytes, up to a zero byte. */
  static String echo(Call call, int i) {
    byte[] word = call.bytes(i);
    int length = 0;
    while (length < Math.min(word.length, ECHO_LENGTH) && word[length] != 0) {
      length++;
    }
    return new String(word, 0, length, StandardCharsets.ISO_8859_1);
  }
}
