package io.shardwell.jepsen.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.jepsen.NodesInThisJvm;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Shows that docs/coming-from-redis.md prints what a reader will see: its sessions are run against
 * a cluster, line by line, answers written as redis-cli writes them.
 */
class ComingFromRedisTest {

  @Test
  void sessionsGoAsPrinted() throws Exception {
    String page =
        Files.readString(Path.of("..", "docs", "coming-from-redis.md"), StandardCharsets.UTF_8);
    int commands = 0;
    try (NodesInThisJvm nodes = new NodesInThisJvm(3, 16)) {
      try (WireConnection connection = new WireConnection(nodes.port(0))) {
        List<String> blocks = Arrays.asList(page.split("```redis\n", -1));
        for (String block : blocks.subList(1, blocks.size())) {
          List<String> lines = block.substring(0, block.indexOf("```")).lines().toList();
          for (int i = 0; i < lines.size(); i += 2) {
            assertThat(lines.get(i)).startsWith("> ");
            connection.send(Arrays.asList(lines.get(i).substring(2).split(" ", -1)));
            assertThat(written(connection.read())).as(lines.get(i)).isEqualTo(lines.get(i + 1));
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
              .map(ComingFromRedisTest::written)
              .collect(Collectors.joining(", ", "[", "]"));
      default -> String.valueOf(reply.text());
    };
  }
}
