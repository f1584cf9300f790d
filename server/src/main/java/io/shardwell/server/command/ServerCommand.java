package io.shardwell.server.command;

import io.shardwell.server.protocol.Answer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A command a node answers by itself: its row of the table, its subcommands, and what it does. */
record ServerCommand(CommandRow row, List<CommandRow> subcommands, Consumer<Call> action) {

  /** One that must be in the table; it knows its answer at once. */
  static ServerCommand of(String name, Function<Call, Answer> action) {
    return later(name, call -> call.answer(action.apply(call)));
  }

  /** One that answers when it can. */
  static ServerCommand later(String name, Consumer<Call> action) {
    return new ServerCommand(CommandTable.row(name), CommandTable.subcommands(name), action);
  }

  String name() {
    return row.name();
  }

  /** Executes a call that {@link #refusal} does not refuse. */
  void execute(Call call) {
    assert refusal(call) == null;
    if (!subcommands.isEmpty() && call.count() > 1 && call.upper(1).equals("HELP")) {
      call.answer(ContainerHelp.of(row, subcommands));
    } else {
      action.accept(call);
    }
  }

  /** The name under which a call is counted: that of the subcommand if there is one. */
  String fullName(byte[][] words) {
    if (subcommands.isEmpty() || words.length < 2) {
      return name();
    }
    String full =
        name() + "|" + new String(words[1], StandardCharsets.UTF_8).toLowerCase(Locale.ROOT);
    return CommandTable.find(full) == null ? name() : full;
  }

  /** Why the words are no call of this command; null if they are. */
  @Nullable Answer refusal(Call call) {
    if (!row.accepts(call.count())) {
      return Errors.arity(name());
    }
    if (!subcommands.isEmpty() && call.count() > 1) {
      String full = name() + "|" + call.text(1).toLowerCase(Locale.ROOT);
      CommandRow subcommand = CommandTable.find(full);
      if (subcommand == null) {
        return Errors.unknownSubcommand(call, name());
      }
      if (!subcommand.accepts(call.count())) {
        return Errors.arity(full);
      }
    }
    return null;
  }
}
