package io.shardwell.server.command;

import io.shardwell.server.protocol.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** HELP of a command that has subcommands, in Redis's shape, out of the table. */
final class ContainerHelp {

  private ContainerHelp() {}

  static Answer of(CommandRow container, List<CommandRow> subcommands) {
    List<Answer> lines = new ArrayList<>();
    String name = container.name().toUpperCase(Locale.ROOT);
    lines.add(Answer.status(name + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    for (CommandRow row : subcommands) {
      if (row.isHelp()) {
        continue;
      }
      // A summary is a sentence, and after it the arguments where there are some.
      String summary = row.summary();
      int sentence = summary.indexOf(". ");
      String text = sentence < 0 ? summary : summary.substring(0, sentence + 1);
      String arguments = sentence < 0 ? "" : summary.substring(sentence + 1);
      lines.add(Answer.status(row.subcommand().toUpperCase(Locale.ROOT) + arguments));
      lines.add(Answer.status("    " + text));
    }
    lines.add(Answer.status("HELP"));
    lines.add(Answer.status("    Print this help."));
    return new Answer.Items(lines);
  }
}
