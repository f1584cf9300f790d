package io.shardwell.server.command;

import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Invocation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * COMMAND GETKEYS and GETKEYSANDFLAGS: which words of a call are keys, and what becomes of them.
 */
final class CommandKeys {

  private CommandKeys() {}

  static Answer keys(Call call) {
    return found(call, false);
  }

  static Answer keysAndFlags(Call call) {
    return found(call, true);
  }

  private static Answer found(Call call, boolean withFlags) {
    CommandRow row = row(call);
    byte[][] words = new byte[call.count() - 2][];
    for (int i = 0; i < words.length; i++) {
      words[i] = call.bytes(i + 2);
    }
    if (row == null) {
      return Answer.failure("ERR Invalid command specified");
    }
    if (row.firstKey() == 0) {
      return Answer.failure("ERR The command has no key arguments");
    }
    if (!row.accepts(words.length)) {
      return Answer.failure("ERR Invalid number of arguments specified for command");
    }
    List<byte[]> keys =
        Invocation.parse(words) instanceof Invocation.Ok ok
            ? ok.invocation().keys()
            : row.keyPositions(words.length).stream().map(i -> words[i]).toList();
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      Answer key = Answer.bulk(keys.get(i));
      answers.add(withFlags ? Answer.items(key, flags(row, i)) : key);
    }
    return new Answer.Items(answers);
  }

  private static @Nullable CommandRow row(Call call) {
    String name = call.text(2).toLowerCase(Locale.ROOT);
    CommandRow row = CommandTable.find(name);
    return row != null && call.count() > 3 && !CommandTable.subcommands(name).isEmpty()
        ? CommandTable.find(name + "|" + call.text(3).toLowerCase(Locale.ROOT))
        : row;
  }

  /** Of several specifications each but the last is one key. */
  private static Answer flags(CommandRow row, int key) {
    String spec = row.keySpecs().get(Math.min(key, row.keySpecs().size() - 1));
    List<String> words = Arrays.asList(spec.split(" ", -1));
    return new Answer.Distinct(
        words.subList(1, words.size()).stream().map(Answer::status).toList());
  }
}
