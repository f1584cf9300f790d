package io.shardwell.server.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Writes docs/commands.md from the table of commands. */
final class CommandsPage {

  static final Path FILE = Path.of("..", "docs", "commands.md");

  /** Run in the module's folder; the test that checks the page names the whole command line. */
  static final String PROPERTY = "shardwell.write-commands-page";

  static final List<String> GROUPS =
      List.of(
          "string",
          "bitmap",
          "generic",
          "transactions",
          "scripting",
          "connection",
          "server",
          "cluster");

  private CommandsPage() {}

  static String text() {
    StringBuilder page = new StringBuilder();
    page.append("# Commands\n\n");
    page.append(
        """
        Generated from the table of commands (`commands.txt` in the server module, and `Command` in
        statemachine); a test compares. What differs from Redis beyond the last column is in
        [compatibility.md](compatibility.md).

        *Arity*: how many words a call has, its name included; negative: at least so many. *Keys*:
        first, last, step, counted from the name; -1 is the last word. *Since*: the version of Redis
        that had it first. Names and options in any mix of cases.
        """);
    for (String group : GROUPS) {
      page.append("\n## ").append(title(group)).append("\n\n");
      page.append(
          "| Command | Does | Arity | Keys | Flags | Complexity | Since | Unlike Redis |\n");
      page.append("|---|---|---|---|---|---|---|---|\n");
      CommandTable.all().stream()
          .filter(row -> row.group().equals(group))
          .map(CommandsPage::line)
          .forEach(page::append);
    }
    return page.toString();
  }

  private static String title(String group) {
    return switch (group) {
      case "string" -> "Strings";
      case "bitmap" -> "Bits of strings";
      case "generic" -> "Keys";
      case "transactions" -> "Transactions";
      case "scripting" -> "Scripts";
      case "connection" -> "Connections";
      case "server" -> "The node";
      default -> "The cluster";
    };
  }

  private static String line(CommandRow row) {
    String keys =
        row.firstKey() == 0 ? "" : row.firstKey() + ", " + row.lastKey() + ", " + row.keyStep();
    return List.of(
            "`" + row.name().replace('|', ' ').toUpperCase(Locale.ROOT) + "`",
            cell(row.summary()),
            Integer.toString(row.arity()),
            keys,
            String.join(" ", row.flags()),
            row.complexity().equals("-") ? "" : row.complexity(),
            row.since(),
            cell(row.difference()))
        .stream()
        .collect(Collectors.joining(" | ", "| ", " |\n"));
  }

  private static String cell(String text) {
    return text.replace("|", "\\|");
  }

  /** Writes the page. */
  static void write() throws IOException {
    Files.writeString(FILE, text(), StandardCharsets.UTF_8);
  }
}
