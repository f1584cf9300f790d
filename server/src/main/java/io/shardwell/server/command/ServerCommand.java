package io.shardwell.server.command;

import io.shardwell.server.protocol.Answer;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A row of the table of commands a node answers by itself.
 *
 * @param name in lower case
 * @param arity Redis's convention: the name counts, negative means at least
 * @param group as in COMMAND DOCS
 */
record ServerCommand(String name, int arity, String group, String summary, Consumer<Call> action) {

  /** One that knows its answer at once. */
  static ServerCommand of(
      String name, int arity, String group, String summary, Function<Call, Answer> action) {
    return new ServerCommand(name, arity, group, summary, call -> call.answer(action.apply(call)));
  }

  boolean accepts(int words) {
    return arity >= 0 ? words == arity : words >= -arity;
  }
}
