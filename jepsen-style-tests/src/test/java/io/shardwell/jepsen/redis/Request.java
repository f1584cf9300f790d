package io.shardwell.jepsen.redis;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** One command as a client sends it; a character is a byte. */
record Request(List<String> words) {

  Request {
    words = List.copyOf(words);
  }

  static Request of(String... words) {
    return new Request(List.of(words));
  }

  /** The command's name in upper case. */
  String name() {
    return words.get(0).toUpperCase(Locale.ROOT);
  }

  /** As redis-cli would take it. */
  @Override
  public String toString() {
    return words.stream().map(WireReply::quoted).collect(Collectors.joining(" "));
  }
}
