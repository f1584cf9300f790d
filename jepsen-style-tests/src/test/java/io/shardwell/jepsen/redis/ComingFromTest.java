package io.shardwell.jepsen.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.jepsen.NodesInThisJvm;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Shows that the pages docs/coming-from-*.md print what a reader will see: their sessions are run
 * against a cluster, line by line, answers written as redis-cli writes them.
 */
class ComingFromTest {

  @ParameterizedTest
  @ValueSource(strings = {"redis", "etcd", "hazelcast"})
  void sessionsGoAsPrinted(String before) throws Exception {
    String page =
        Files.readString(
            Path.of("..", "docs", "coming-from-" + before + ".md"), StandardCharsets.UTF_8);
    int commands = 0;
    try (NodesInThisJvm nodes = new NodesInThisJvm(3, 16)) {
      try (WireConnection connection = new WireConnection(nodes.port(0))) {
        List<String> blocks = Arrays.asList(page.split("```redis\n", -1));
        for (String block : blocks.subList(1, blocks.size())) {
          List<String> lines = block.substring(0, block.indexOf("```")).lines().toList();
          for (int i = 0; i < lines.size(); i += 2) {
            assertThat(lines.get(i)).startsWith("> ");
            connection.send(Arrays.asList(lines.get(i).substring(2).split(" ", -1)));
            // Versions are positions in a log: nobody knows them beforehand.
            String expected = Pattern.quote(lines.get(i + 1)).replace("<version>", "\\E\\d+\\Q");
            assertThat(written(connection.read())).as(lines.get(i)).matches(expected);
            commands++;
          }
        }
      }
    }
    assertThat(commands).isGreaterThan(10);
  }

  private static String written(WireReply reply) {
    return switch (reply.type()) {
      case '-' -> "(error) " + reply.text();
      case ':' -> "(integer) " + reply.text();
      case '$' -> reply.text() == null ? "(nil)" : WireReply.quoted(reply.text());
      case '*' ->
          reply.items().stream()
              .map(ComingFromTest::written)
              .collect(Collectors.joining(", ", "[", "]"));
      default -> String.valueOf(reply.text());
    };
  }
}
