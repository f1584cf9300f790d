package io.shardwell.server.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Shows that COMMAND DOCS describes the arguments of every command in Redis's shape, and that these
 * fit the arities of the table.
 */
class CommandSyntaxTest {

  /** One word more than what Redis's own description calls for: something that may be left out. */
  private static final Set<String> REDIS_ASKS_FOR_MORE =
      Set.of("client|kill", "command|getkeys", "command|getkeysandflags");

  @Test
  void argumentsFitTheArity() {
    for (CommandRow row : CommandTable.all()) {
      boolean refused = row.summary().equals("Refused.") && !row.name().startsWith("cluster|");
      boolean container = !CommandTable.subcommands(row.name()).isEmpty();
      if (refused || container || row.name().equals("help")) {
        continue;
      }
      List<CommandArgument> arguments = CommandSyntax.of(row.name());
      int names = row.isSubcommand() ? 2 : 1;
      int least = names + arguments.stream().mapToInt(CommandArgument::leastWords).sum();
      boolean fixed = arguments.stream().allMatch(CommandArgument::isFixed);
      int more = REDIS_ASKS_FOR_MORE.contains(row.name()) ? 1 : 0;
      assertThat(least + more).as(row.name()).isEqualTo(Math.abs(row.arity()));
      assertThat(fixed).as(row.name()).isEqualTo(row.arity() > 0 || isQuit(row));
    }
  }

  /** What the fuzz test sends, so that it gets beyond the count of words. */
  @Test
  void sampleCallsFitTheArity() {
    SampleCalls calls = new SampleCalls(new Random(1));
    for (CommandRow row : CommandTable.all()) {
      for (int i = 0; i < 20; i++) {
        List<String> words = calls.of(row);
        assertThat(row.accepts(words.size())).as("%s", words).isTrue();
      }
    }
    assertThat(calls.ofEach().stream().map(words -> words.get(0)).distinct())
        .containsExactlyInAnyOrderElementsOf(
            CommandTable.commands().stream()
                .map(CommandRow::name)
                .filter(name -> !name.equals("shutdown"))
                .toList());
  }

  /** Takes anything and looks at none of it. */
  private static boolean isQuit(CommandRow row) {
    return row.name().equals("quit");
  }

  @Test
  void theShapeIsThatOfRedis() {
    assertThat(text("incrby"))
        .isEqualTo(
            "[[name, key, type, key, display_text, key, key_spec_index, 0],"
                + " [name, increment, type, integer, display_text, increment]]");
    assertThat(text("mset"))
        .isEqualTo(
            "[[name, data, type, block, flags, [multiple], arguments,"
                + " [[name, key, type, key, display_text, key, key_spec_index, 0],"
                + " [name, value, type, string, display_text, value]]]]");
    assertThat(text("expire"))
        .endsWith(
            "[name, condition, type, oneof, flags, [optional], arguments,"
                + " [[name, nx, type, pure-token, token, NX],"
                + " [name, xx, type, pure-token, token, XX],"
                + " [name, gt, type, pure-token, token, GT],"
                + " [name, lt, type, pure-token, token, LT]]]]");
    assertThat(text("scan"))
        .contains(
            "[name, pattern, type, pattern, display_text, pattern, token, MATCH, flags,"
                + " [optional]]");
    assertThat(CommandSyntax.of("dbsize")).isEmpty();
  }

  @Test
  void whatIsNoSyntaxIsRefused() {
    for (String wrong : List.of("a=(b", "a={b", "a)", "=a", "a b]", "a:")) {
      assertThatThrownBy(() -> CommandSyntax.parse(wrong))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static String text(String name) {
    return text(Answer.toReply(CommandArgument.answers(CommandSyntax.of(name))));
  }

  private static String text(Reply reply) {
    if (reply instanceof Reply.Array array) {
      return array.items().stream().map(CommandSyntaxTest::text).toList().toString();
    }
    if (reply instanceof Reply.Bulk bulk) {
      return new String(bulk.value(), StandardCharsets.UTF_8);
    }
    return reply instanceof Reply.Status status
        ? status.text()
        : Long.toString(((Reply.Int) reply).value());
  }
}
