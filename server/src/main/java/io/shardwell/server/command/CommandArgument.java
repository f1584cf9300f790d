package io.shardwell.server.command;

import io.shardwell.server.protocol.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * An argument as COMMAND DOCS describes it; redis-cli makes its hints of these.
 *
 * @param type one of Redis's: key, string, integer, double, pattern, unix-time, pure-token, oneof,
 *     block
 * @param token the word that stands before the value, or is all of it; "" if there is none
 * @param arguments of a oneof the choices, of a block the parts, else empty
 */
record CommandArgument(
    String name,
    String type,
    String token,
    boolean optional,
    boolean multiple,
    List<CommandArgument> arguments) {

  Answer answer() {
    List<Answer> fields = new ArrayList<>();
    add("name", name, fields);
    add("type", type, fields);
    if (arguments.isEmpty() && !type.equals("pure-token")) {
      add("display_text", name, fields);
    }
    if (type.equals("key")) {
      fields.add(Answer.bulk("key_spec_index"));
      fields.add(Answer.integer(0));
    }
    if (!token.isEmpty()) {
      add("token", token, fields);
    }
    List<Answer> flags = new ArrayList<>();
    if (optional) {
      flags.add(Answer.status("optional"));
    }
    if (multiple) {
      flags.add(Answer.status("multiple"));
    }
    if (!flags.isEmpty()) {
      fields.add(Answer.bulk("flags"));
      fields.add(new Answer.Distinct(flags));
    }
    if (!arguments.isEmpty()) {
      fields.add(Answer.bulk("arguments"));
      fields.add(answers(arguments));
    }
    return new Answer.Pairs(fields);
  }

  static Answer answers(List<CommandArgument> arguments) {
    return new Answer.Items(arguments.stream().map(CommandArgument::answer).toList());
  }

  private static void add(String field, String value, List<Answer> fields) {
    fields.add(Answer.bulk(field));
    fields.add(Answer.bulk(value));
  }

  /** The fewest words of a call that this argument takes. */
  int leastWords() {
    if (optional) {
      return 0;
    }
    int own = token.isEmpty() ? 0 : 1;
    return switch (type) {
      case "pure-token" -> 1;
      case "oneof" ->
          own + arguments.stream().mapToInt(CommandArgument::leastWords).min().orElse(0);
      case "block" -> own + arguments.stream().mapToInt(CommandArgument::leastWords).sum();
      default -> own + 1;
    };
  }

  /** Whether no call has more words of this argument than {@link #leastWords}. */
  boolean isFixed() {
    return !optional
        && !multiple
        && arguments.stream().allMatch(CommandArgument::isFixed)
        && (!type.equals("oneof")
            || arguments.stream().mapToInt(CommandArgument::leastWords).distinct().count() == 1);
  }

  /** A word that stands for itself. */
  static CommandArgument pureToken(String token) {
    return new CommandArgument(
        token.toLowerCase(Locale.ROOT), "pure-token", token, false, false, List.of());
  }
}
