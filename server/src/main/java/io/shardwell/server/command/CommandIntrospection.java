package io.shardwell.server.command;

import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** COMMAND and its subcommands, over the rows of both tables: the data's and the server's. */
final class CommandIntrospection {

  private final Map<String, ServerCommand> serverCommands;

  CommandIntrospection(Map<String, ServerCommand> serverCommands) {
    this.serverCommands = serverCommands;
  }

  Answer answer(Call call) {
    boolean cluster = call.client.face == Face.CLUSTER;
    if (call.count() == 1) {
      return rows(names(), cluster);
    }
    return switch (call.upper(1)) {
      case "COUNT" -> Answer.integer(names().size());
      case "INFO" -> rows(call.count() == 2 ? names() : named(call), cluster);
      case "DOCS" -> docs(call.count() == 2 ? names() : named(call));
      case "LIST" -> list(call);
      case "GETKEYS" -> keys(call);
      default -> Errors.unknownSubcommand(call, "command");
    };
  }

  private List<String> names() {
    List<String> names = new ArrayList<>();
    for (Command command : Command.values()) {
      names.add(command.lowerName());
    }
    names.addAll(serverCommands.keySet());
    return names;
  }

  private static List<String> named(Call call) {
    List<String> names = new ArrayList<>();
    for (int i = 2; i < call.count(); i++) {
      names.add(call.text(i).toLowerCase(Locale.ROOT));
    }
    return names;
  }

  private Answer rows(List<String> names, boolean cluster) {
    List<Answer> rows = new ArrayList<>(names.size());
    for (String name : names) {
      Command data = dataCommand(name);
      ServerCommand server = serverCommands.get(name);
      if (data != null) {
        boolean write = data.isWrite();
        rows.add(
            row(
                data.lowerName(),
                data.arity(),
                List.of(write ? "write" : "readonly", write ? "denyoom" : "fast"),
                data.firstKey(),
                data.lastKey(),
                data.keyStep(),
                List.of(write ? "@write" : "@read", "@" + DataCommandDocs.group(data)),
                tips(data, cluster)));
      } else if (server != null) {
        rows.add(
            row(
                server.name(),
                server.arity(),
                List.of("noscript", "loading", "stale"),
                0,
                0,
                0,
                List.of("@" + server.group()),
                List.of()));
      } else {
        rows.add(Answer.NIL);
      }
    }
    return new Answer.Items(rows);
  }

  private static Answer row(
      String name,
      int arity,
      List<String> flags,
      int firstKey,
      int lastKey,
      int keyStep,
      List<String> categories,
      List<Answer> tips) {
    return Answer.items(
        Answer.bulk(name),
        Answer.integer(arity),
        words(flags),
        Answer.integer(firstKey),
        Answer.integer(lastKey),
        Answer.integer(keyStep),
        words(categories),
        new Answer.Items(tips),
        Answer.NOTHING,
        Answer.NOTHING);
  }

  private static Answer words(List<String> words) {
    List<Answer> all = new ArrayList<>(words.size());
    words.forEach(word -> all.add(Answer.status(word)));
    return new Answer.Distinct(all);
  }

  // Tips tell clients how to spread a command over the nodes of a cluster; on the single image it
  // is always one answer for all.
  private static List<Answer> tips(Command command, boolean cluster) {
    List<String> tips = new ArrayList<>();
    if (cluster) {
      switch (command) {
        case DBSIZE -> tips.addAll(List.of("request_policy:all_shards", "response_policy:agg_sum"));
        case FLUSHALL, FLUSHDB ->
            tips.addAll(List.of("request_policy:all_shards", "response_policy:all_succeeded"));
        case KEYS -> tips.add("request_policy:all_shards");
        case RANDOMKEY ->
            tips.addAll(List.of("request_policy:all_shards", "response_policy:special"));
        case SCAN -> tips.addAll(List.of("request_policy:special", "response_policy:special"));
        case DEL, UNLINK, EXISTS, TOUCH ->
            tips.addAll(List.of("request_policy:multi_shard", "response_policy:agg_sum"));
        case MGET -> tips.add("request_policy:multi_shard");
        case MSET ->
            tips.addAll(List.of("request_policy:multi_shard", "response_policy:all_succeeded"));
        default -> {}
      }
    }
    if (command == Command.KEYS || command == Command.RANDOMKEY || command == Command.SCAN) {
      tips.add("nondeterministic_output_order");
    }
    return tips.stream().map(Answer::bulk).toList();
  }

  private Answer docs(List<String> names) {
    List<Answer> all = new ArrayList<>();
    for (String name : names) {
      Command data = dataCommand(name);
      ServerCommand server = serverCommands.get(name);
      if (data != null) {
        all.add(Answer.bulk(name));
        all.add(doc(DataCommandDocs.summary(data), DataCommandDocs.group(data)));
      } else if (server != null) {
        all.add(Answer.bulk(name));
        all.add(doc(server.summary(), server.group()));
      }
    }
    return new Answer.Pairs(all);
  }

  private static Answer doc(String summary, String group) {
    return Answer.pairs(
        "summary", summary, "since", NodeFacts.VERSION, "group", group, "complexity", "O(1)");
  }

  private Answer list(Call call) {
    List<String> names = names();
    if (call.count() == 5 && call.upper(2).equals("FILTERBY")) {
      String value = call.text(4);
      switch (call.upper(3)) {
        case "PATTERN" -> names.removeIf(name -> !Glob.matches(value, name));
        case "MODULE" -> names.clear();
        case "ACLCAT" -> names.removeIf(name -> !inCategory(name, value));
        default -> {
          return Errors.SYNTAX;
        }
      }
    } else if (call.count() != 2) {
      return Errors.SYNTAX;
    }
    List<Answer> all = new ArrayList<>(names.size());
    names.forEach(name -> all.add(Answer.bulk(name)));
    return new Answer.Items(all);
  }

  private boolean inCategory(String name, String category) {
    Command data = dataCommand(name);
    if (data != null) {
      return category.equalsIgnoreCase(data.isWrite() ? "write" : "read")
          || category.equalsIgnoreCase(DataCommandDocs.group(data));
    }
    ServerCommand server = serverCommands.get(name);
    return server != null && category.equalsIgnoreCase(server.group());
  }

  private Answer keys(Call call) {
    if (call.count() < 3) {
      return Errors.subcommandArity(call, "command");
    }
    byte[][] words = new byte[call.count() - 2][];
    for (int i = 0; i < words.length; i++) {
      words[i] = call.bytes(i + 2);
    }
    String name = call.text(2).toLowerCase(Locale.ROOT);
    Command data = dataCommand(name);
    if (data == null && !serverCommands.containsKey(name)) {
      return Answer.failure("ERR Invalid command specified");
    }
    if (data == null || data.firstKey() == 0) {
      return Answer.failure("ERR The command has no key arguments");
    }
    if (!(Invocation.parse(words) instanceof Invocation.Ok ok)) {
      return Answer.failure("ERR Invalid number of arguments specified for command");
    }
    List<Reply> keys = new ArrayList<>();
    ok.invocation().keys().forEach(key -> keys.add(new Reply.Bulk(key)));
    return new Answer.Plain(new Reply.Array(keys));
  }

  private static @org.jspecify.annotations.Nullable Command dataCommand(String name) {
    return Command.byName(name.getBytes(StandardCharsets.UTF_8));
  }

  /** HELP of the plain-text listener. */
  String help() {
    StringBuilder text = new StringBuilder();
    text.append("A line is a command, a line is the answer; quotes and escapes as in redis-cli.\n");
    text.append(
        "Values that are not one plain line come in quotes, lists as words between blanks,");
    text.append(
        "\nno value as (nil), an empty list as (empty). HELP and INFO answer several lines");
    text.append("\nand an empty one. QUIT ends.\n\n");
    for (Command command : Command.values()) {
      text.append(String.format("%-12s %s%n", command.name(), DataCommandDocs.summary(command)));
    }
    for (String name : Arrays.asList("ping", "info", "shardwell", "help", "quit")) {
      ServerCommand command = serverCommands.get(name);
      if (command != null) {
        text.append(String.format("%-12s %s%n", name.toUpperCase(Locale.ROOT), command.summary()));
      }
    }
    return text.toString();
  }
}
