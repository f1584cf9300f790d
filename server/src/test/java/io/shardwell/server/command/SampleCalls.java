package io.shardwell.server.command;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Calls of every command in the table, made from what COMMAND DOCS says of their arguments: a new
 * command is among them by itself. Their words have the right number and place, and hold no blanks;
 * whether they mean anything is another matter.
 */
public final class SampleCalls {

  /** It does what it says. */
  private static final Set<String> NEVER = Set.of("shutdown");

  private static final int MOST_REPETITIONS = 3;

  private static final String[] KEYS = {"k", "n", "a", "b", "{t}a", "{t}b"};
  private static final String[] INTEGERS = {
    "0", "1", "-1", "2", "3", "100", "4294967295", "9223372036854775807", "-9223372036854775808"
  };
  private static final String[] DOUBLES = {"0.1", "-1", "1e-4900", "1e4900", "nan", "inf"};
  private static final String[] PATTERNS = {"*", "k*", "[a-", "[^k]*", "\\", "a?b*"};
  private static final String[] STRINGS = {
    "v", "100", "", "x\\x", "u8", "i64", "#1", "AND", "NOT", "get", "maxmemory", "1"
  };

  private final Random random;

  /** With the same randomness the same calls. */
  public SampleCalls(Random random) {
    this.random = random;
  }

  /** One of each command and subcommand. */
  public List<List<String>> ofEach() {
    return rows().stream().map(this::of).toList();
  }

  /** One of any. */
  public List<String> any() {
    List<CommandRow> rows = rows();
    return of(rows.get(random.nextInt(rows.size())));
  }

  private static List<CommandRow> rows() {
    return CommandTable.all().stream()
        .filter(row -> !NEVER.contains(row.name()))
        .filter(row -> row.isSubcommand() || CommandTable.subcommands(row.name()).isEmpty())
        .toList();
  }

  List<String> of(CommandRow row) {
    List<String> words = new ArrayList<>(Arrays.asList(row.name().split("\\|", -1)));
    CommandSyntax.of(row.name()).forEach(argument -> add(argument, words));
    while (words.size() < Math.abs(row.arity())) {
      words.add(one(STRINGS)); // What is refused says nothing of its arguments.
    }
    return words;
  }

  private void add(CommandArgument argument, List<String> words) {
    if (argument.optional() && random.nextBoolean()) {
      return;
    }
    int times = argument.multiple() ? 1 + random.nextInt(MOST_REPETITIONS) : 1;
    for (int i = 0; i < times; i++) {
      addOnce(argument, words);
    }
  }

  private void addOnce(CommandArgument argument, List<String> words) {
    if (!argument.token().isEmpty()) {
      words.add(argument.token());
    }
    List<CommandArgument> parts = argument.arguments();
    switch (argument.type()) {
      case "pure-token" -> {}
      case "oneof" -> add(parts.get(random.nextInt(parts.size())), words);
      case "block" -> parts.forEach(part -> add(part, words));
      case "key" -> words.add(one(KEYS));
      case "integer", "unix-time" -> words.add(one(INTEGERS));
      case "double" -> words.add(one(DOUBLES));
      case "pattern" -> words.add(one(PATTERNS));
      default -> words.add(one(STRINGS));
    }
  }

  private String one(String[] samples) {
    return samples[random.nextInt(samples.length)];
  }
}
