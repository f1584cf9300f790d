package io.shardwell.server.command;

import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Invocation;
import java.util.Collections;

/**
 * SCRIPT and FUNCTION of a server without any: there is nothing to list or to flush, which tools
 * that start from a clean server ask for, and nothing can be loaded.
 */
final class ScriptCommands {

  private ScriptCommands() {}

  static Answer script(Call call) {
    return switch (call.upper(1)) {
      case "FLUSH" -> flush(call, "ERR SCRIPT FLUSH only support SYNC|ASYNC option");
      case "EXISTS" -> new Answer.Items(Collections.nCopies(call.count() - 2, Answer.integer(0)));
      case "LOAD" -> new Answer.Plain(Invocation.NO_SCRIPTS);
      default -> Errors.unknownSubcommand(call, "script");
    };
  }

  static Answer function(Call call) {
    return switch (call.upper(1)) {
      case "FLUSH" -> flush(call, "ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
      case "LIST" -> Answer.NOTHING;
      case "LOAD" -> new Answer.Plain(Invocation.NO_SCRIPTS);
      default -> Errors.unknownSubcommand(call, "function");
    };
  }

  private static Answer flush(Call call, String wrongOption) {
    if (call.count() == 2) {
      return Answer.OK;
    }
    String how = call.upper(2);
    boolean known = call.count() == 3 && (how.equals("SYNC") || how.equals("ASYNC"));
    return known ? Answer.OK : Answer.failure(wrongOption);
  }
}
