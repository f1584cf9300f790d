package io.shardwell.server.command;

import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Command;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** COMMAND and its subcommands, in the shapes of Redis 7, over the table of commands. */
final class CommandIntrospection {

  // Made once and shared by all answers: a request may name one command a million times.
  private static final Map<String, Answer> ROWS = ofAll(row -> row(row, false));
  private static final Map<String, Answer> CLUSTER_ROWS = ofAll(row -> row(row, true));

  /** Name and description of each. */
  private static final Map<String, List<Answer>> DOCS =
      ofAll(row -> List.of(Answer.bulk(row.name()), doc(row)));

  private CommandIntrospection() {}

  private static <T> Map<String, T> ofAll(Function<CommandRow, T> shown) {
    return CommandTable.all().stream()
        .collect(Collectors.toUnmodifiableMap(CommandRow::name, shown));
  }

  static Answer answer(Call call) {
    boolean cluster = call.client.face == Face.CLUSTER;
    if (call.count() == 1) {
      return rows(names(), cluster);
    }
    return switch (call.upper(1)) {
      case "COUNT" -> Answer.integer(names().size());
      case "INFO" -> rows(call.count() == 2 ? names() : named(call), cluster);
      case "DOCS" -> docs(call.count() == 2 ? names() : named(call));
      case "LIST" -> list(call);
      case "GETKEYS" -> CommandKeys.keys(call);
      case "GETKEYSANDFLAGS" -> CommandKeys.keysAndFlags(call);
      default -> Errors.unknownSubcommand(call, "command");
    };
  }

  private static List<String> names() {
    return CommandTable.commands().stream().map(CommandRow::name).toList();
  }

  private static List<String> named(Call call) {
    List<String> names = new ArrayList<>();
    for (int i = 2; i < call.count(); i++) {
      names.add(call.text(i).toLowerCase(Locale.ROOT));
    }
    return names;
  }

  private static Answer rows(List<String> names, boolean cluster) {
    List<Answer> rows = new ArrayList<>(names.size());
    Map<String, Answer> known = cluster ? CLUSTER_ROWS : ROWS;
    for (String name : names) {
      rows.add(known.getOrDefault(name, Answer.NIL));
    }
    return new Answer.Items(rows);
  }

  private static Answer row(CommandRow row, boolean cluster) {
    return Answer.items(
        Answer.bulk(row.name()),
        Answer.integer(row.arity()),
        words(row.flags(), ""),
        Answer.integer(row.countsItsKeys() ? 0 : row.firstKey()),
        Answer.integer(row.countsItsKeys() ? 0 : row.lastKey()),
        Answer.integer(row.countsItsKeys() ? 0 : row.keyStep()),
        words(row.categories(), "@"),
        new Answer.Distinct(
            row.tips().stream()
                .filter(tip -> cluster || !isForMany(tip))
                .map(Answer::bulk)
                .toList()),
        new Answer.Distinct(row.keySpecs().stream().map(spec -> keySpec(row, spec)).toList()),
        subcommands(row, cluster));
  }

  /** A list, but where there are none an empty set: so does Redis. */
  private static Answer subcommands(CommandRow row, boolean cluster) {
    List<Answer> rows = new ArrayList<>();
    CommandTable.subcommands(row.name()).forEach(subcommand -> rows.add(row(subcommand, cluster)));
    return rows.isEmpty() ? new Answer.Distinct(rows) : new Answer.Items(rows);
  }

  // Such tips tell clients how to spread a command; a single image is one answer for all.
  private static boolean isForMany(String tip) {
    return tip.startsWith("request_policy") || tip.startsWith("response_policy");
  }

  private static Answer words(List<String> words, String prefix) {
    List<Answer> all = new ArrayList<>(words.size());
    words.forEach(word -> all.add(Answer.status(prefix + word)));
    return new Answer.Distinct(all);
  }

  /** Keys at fixed places, one or from a place to the end in steps, or as many as a word says. */
  private static Answer keySpec(CommandRow row, String spec) {
    String[] positionAndFlags = spec.split(" ", 2);
    return new Answer.Pairs(
        List.of(
            Answer.bulk("flags"),
            words(Arrays.asList(positionAndFlags[1].split(" ", -1)), ""),
            Answer.bulk("begin_search"),
            Answer.pairs(
                "type",
                "index",
                "spec",
                Answer.pairs("index", Integer.parseInt(positionAndFlags[0]))),
            Answer.bulk("find_keys"),
            row.countsItsKeys() ? countedKeys(row) : range(row, spec)));
  }

  private static Answer range(CommandRow row, String spec) {
    // Of several specifications all but the last are one key each.
    boolean several = row.keySpecs().size() > 1;
    boolean toTheEnd =
        row.lastKey() < 0 && spec.equals(row.keySpecs().get(row.keySpecs().size() - 1));
    int last = toTheEnd ? row.lastKey() : several ? 0 : Math.max(row.lastKey() - row.firstKey(), 0);
    return Answer.pairs(
        "type",
        "range",
        "spec",
        Answer.pairs("lastkey", last, "keystep", row.keyStep(), "limit", 0));
  }

  private static Answer countedKeys(CommandRow row) {
    return Answer.pairs(
        "type",
        "keynum",
        "spec",
        Answer.pairs("keynumidx", 0, "firstkey", 1, "keystep", row.keyStep()));
  }

  private static Answer docs(List<String> names) {
    List<Answer> all = new ArrayList<>();
    for (String name : names) {
      all.addAll(DOCS.getOrDefault(name, List.of()));
    }
    return new Answer.Pairs(all);
  }

  private static Answer doc(CommandRow row) {
    List<Answer> fields = new ArrayList<>();
    add("summary", row.summary(), fields);
    add("since", row.since(), fields);
    add("group", row.group(), fields);
    if (!row.complexity().equals("-")) {
      add("complexity", row.complexity(), fields);
    }
    List<CommandArgument> arguments = CommandSyntax.of(row.name());
    if (!arguments.isEmpty()) {
      fields.add(Answer.bulk("arguments"));
      fields.add(CommandArgument.answers(arguments));
    }
    List<Answer> subcommands = new ArrayList<>();
    for (CommandRow subcommand : CommandTable.subcommands(row.name())) {
      subcommands.add(Answer.bulk(subcommand.name()));
      subcommands.add(doc(subcommand));
    }
    if (!subcommands.isEmpty()) {
      fields.add(Answer.bulk("subcommands"));
      fields.add(new Answer.Pairs(subcommands));
    }
    return new Answer.Pairs(fields);
  }

  private static void add(String name, String value, List<Answer> fields) {
    fields.add(Answer.bulk(name));
    fields.add(Answer.bulk(value));
  }

  private static Answer list(Call call) {
    List<CommandRow> rows = new ArrayList<>(CommandTable.all());
    if (call.count() == 5 && call.upper(2).equals("FILTERBY")) {
      String value = call.text(4);
      switch (call.upper(3)) {
        case "PATTERN" -> {
          Glob pattern = Glob.of(call.bytes(4));
          rows.removeIf(row -> !pattern.matches(row.name()));
        }
        case "MODULE" -> rows.clear();
        case "ACLCAT" -> rows.removeIf(row -> !row.categories().contains(value));
        default -> {
          return Errors.SYNTAX;
        }
      }
    } else if (call.count() == 2) {
      rows.removeIf(CommandRow::isSubcommand);
    } else {
      return Errors.SYNTAX;
    }
    return new Answer.Items(rows.stream().map(row -> Answer.bulk(row.name())).toList());
  }

  /** HELP of the plain-text listener. */
  static String help() {
    StringBuilder text = new StringBuilder();
    text.append("A line is a command, a line is the answer; quotes and escapes as in redis-cli.\n");
    text.append(
        "Values that are not one plain line come in quotes, lists as words between blanks,");
    text.append(
        "\nno value as (nil), an empty list as (empty). HELP and INFO answer several lines");
    text.append("\nand an empty one. QUIT ends.\n\n");
    for (CommandRow row : CommandTable.commands()) {
      boolean data = Command.byName(row.name().getBytes(StandardCharsets.US_ASCII)) != null;
      if (data || List.of("ping", "info", "shardwell", "help", "quit").contains(row.name())) {
        text.append(
            String.format(
                Locale.ROOT, "%-12s %s%n", row.name().toUpperCase(Locale.ROOT), row.summary()));
      }
    }
    return text.toString();
  }
}
