package io.shardwell.jepsen.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The differences to Redis that docs/compatibility.md admits, read from its table: the same lines
 * are what people read and what the tests hold both servers to.
 */
final class KnownDifferences {
  private static final String BEGIN = "<!-- differences: begin -->";
  private static final String END = "<!-- differences: end -->";

  private final List<Difference> all;

  /**
   * One line of the table.
   *
   * @param example commands that show it, the last one being the one answered differently
   * @param redis what Redis answers, {@code *} standing for anything
   * @param shardwell what we answer
   */
  record Difference(List<Request> example, String redis, String shardwell) {

    boolean explains(Request request, WireReply fromRedis, WireReply fromShardwell) {
      return example.get(example.size() - 1).name().equals(request.name())
          && matches(redis, fromRedis)
          && matches(shardwell, fromShardwell);
    }

    static boolean matches(String pattern, WireReply reply) {
      String regex =
          Arrays.stream(pattern.split("\\*", -1))
              .map(Pattern::quote)
              .reduce((a, b) -> a + ".*" + b)
              .orElseThrow();
      return Pattern.compile(regex, Pattern.DOTALL).matcher(reply.toString()).matches();
    }
  }

  private KnownDifferences(List<Difference> all) {
    this.all = all;
  }

  static KnownDifferences read() {
    String text;
    try {
      text = Files.readString(Path.of("..", "docs", "compatibility.md"), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<Difference> all = new ArrayList<>();
    String table = text.substring(text.indexOf(BEGIN), text.indexOf(END));
    for (String line : table.lines().filter(l -> l.startsWith("| `")).toList()) {
      String[] cells = line.split("\\|", -1);
      if (cells.length != 6) {
        throw new IllegalStateException("not 4 columns: " + line);
      }
      List<Request> example =
          Arrays.stream(code(cells[1]).split("; ")).map(KnownDifferences::request).toList();
      all.add(new Difference(example, code(cells[2]), code(cells[3])));
    }
    return new KnownDifferences(all);
  }

  private static Request request(String line) {
    return new Request(Arrays.stream(line.split(" ")).map(KnownDifferences::word).toList());
  }

  /** {@code a*300} is 300 times a, {@code ""} is the empty word. */
  private static String word(String word) {
    return word.matches(".\\*\\d+")
        ? word.substring(0, 1).repeat(Integer.parseInt(word.substring(2)))
        : word.equals("\"\"") ? "" : word;
  }

  private static String code(String cell) {
    String trimmed = cell.trim();
    if (trimmed.length() < 3 || !trimmed.startsWith("`") || !trimmed.endsWith("`")) {
      throw new IllegalStateException("not code: " + cell);
    }
    return trimmed.substring(1, trimmed.length() - 1);
  }

  List<Difference> all() {
    return all;
  }

  Optional<Difference> explaining(Request request, WireReply redis, WireReply shardwell) {
    return all.stream().filter(each -> each.explains(request, redis, shardwell)).findFirst();
  }
}
