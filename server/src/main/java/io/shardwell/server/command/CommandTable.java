package io.shardwell.server.command;

import io.shardwell.statemachine.Command;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Every command a node takes, once: what COMMAND tells, what arities are checked against, and what
 * docs/commands.md says. Read from {@code commands.txt} beside this class; arity and keys of
 * commands that shards execute come from {@link Command}.
 */
final class CommandTable {

  private static final String SOURCE = "commands.txt";

  // Commands and subcommands, in the order of the file.
  private static final Map<String, CommandRow> ROWS = read();

  private CommandTable() {}

  /**
   * By name in lower case, {@code client|id} for a subcommand; null if there is no such command.
   */
  static @Nullable CommandRow find(String name) {
    return ROWS.get(name);
  }

  /** A row that must be there. */
  static CommandRow row(String name) {
    return Objects.requireNonNull(ROWS.get(name), name);
  }

  /** All commands, without subcommands. */
  static List<CommandRow> commands() {
    return ROWS.values().stream().filter(row -> !row.isSubcommand()).toList();
  }

  /** Of one command; empty if it has none. */
  static List<CommandRow> subcommands(String name) {
    String prefix = name + "|";
    return ROWS.values().stream().filter(row -> row.name().startsWith(prefix)).toList();
  }

  static Collection<CommandRow> all() {
    return ROWS.values();
  }

  private static Map<String, CommandRow> read() {
    Map<String, CommandRow> rows = new LinkedHashMap<>();
    List<String> lines = new ArrayList<>();
    try (InputStream in =
            Objects.requireNonNull(CommandTable.class.getResourceAsStream(SOURCE), SOURCE);
        BufferedReader text =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = text.readLine(); line != null; line = text.readLine()) {
        if (!line.startsWith("#") && !line.startsWith(" ") && !lines.isEmpty()) {
          add(row(lines), rows);
          lines.clear();
        }
        if (!line.startsWith("#")) {
          lines.add(line);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(SOURCE, e);
    }
    add(row(lines), rows);
    return withHelp(rows);
  }

  /** Each command with subcommands gets HELP, after the others. */
  private static Map<String, CommandRow> withHelp(Map<String, CommandRow> rows) {
    Map<String, CommandRow> all = new LinkedHashMap<>(rows);
    for (CommandRow row : rows.values()) {
      if (row.isSubcommand()) {
        String container = row.name().substring(0, row.name().indexOf('|'));
        all.computeIfAbsent(container + "|help", name -> help(row(container, rows), name));
      }
    }
    return all;
  }

  private static CommandRow row(String name, Map<String, CommandRow> rows) {
    return Objects.requireNonNull(rows.get(name), name);
  }

  private static CommandRow help(CommandRow container, String name) {
    return new CommandRow(
        name,
        2,
        0,
        0,
        0,
        container.group(),
        "5.0.0",
        "O(1)",
        List.of("loading", "stale"),
        List.of("slow"),
        List.of(),
        List.of(),
        "Describes the subcommands.",
        "");
  }

  private static void add(CommandRow row, Map<String, CommandRow> rows) {
    CommandRow before = rows.put(row.name(), row);
    assert before == null : "twice in the table: " + row.name();
  }

  private static CommandRow row(List<String> lines) {
    String[] head = lines.get(0).split(" ", 4);
    String[] meta = lines.get(1).split("\\|", -1);
    int bracket = head[0].indexOf('(');
    String name = bracket < 0 ? head[0] : head[0].substring(0, bracket);
    int[] call = new int[4];
    if (bracket < 0) {
      Command command = Command.valueOf(name.toUpperCase(Locale.ROOT));
      call = new int[] {command.arity(), command.firstKey(), command.lastKey(), command.keyStep()};
    } else {
      String[] numbers = head[0].substring(bracket + 1, head[0].length() - 1).split(",", -1);
      for (int i = 0; i < numbers.length; i++) {
        call[i] = Integer.parseInt(numbers[i]);
      }
    }
    return new CommandRow(
        name,
        call[0],
        call[1],
        call[2],
        call[3],
        head[1],
        head[2],
        head[3],
        list(meta[0], " "),
        list(meta[1], " "),
        list(meta[2], ","),
        list(meta[3], ","),
        lines.get(2).trim(),
        lines.size() < 4 ? "" : lines.get(3).trim().substring(1).trim());
  }

  private static List<String> list(String cell, String separator) {
    return Arrays.stream(cell.split(separator, -1))
        .map(String::trim)
        .filter(word -> !word.isEmpty())
        .toList();
  }
}
