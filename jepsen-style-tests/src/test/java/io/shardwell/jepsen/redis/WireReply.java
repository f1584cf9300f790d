package io.shardwell.jepsen.redis;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A reply exactly as it stood on the wire: RESP2's two nulls are told apart, as are RESP3's types.
 *
 * @param type the type byte
 * @param text what follows it: the line, or the bytes of a bulk as ISO 8859-1; null for a null
 * @param items of a list, set or map, keys and values in turn; else empty
 */
record WireReply(char type, @Nullable String text, List<WireReply> items) {

  static WireReply line(char type, @Nullable String text) {
    return new WireReply(type, text, List.of());
  }

  boolean isInteger() {
    return type == ':';
  }

  boolean isFailure() {
    return type == '-';
  }

  long number() {
    return text == null ? 0 : Long.parseLong(text);
  }

  /** The same items in the order of their text, for answers that have no order. */
  WireReply sorted() {
    return new WireReply(
        type, text, items.stream().sorted((a, b) -> a.toString().compareTo(b.toString())).toList());
  }

  /** The type byte and the rest: bulks in quotes, lists in brackets, all in one line. */
  @Override
  public String toString() {
    return switch (type) {
      case '*', '~', '%' ->
          text != null
              ? type + text
              : items.stream()
                  .map(WireReply::toString)
                  .collect(Collectors.joining(", ", type + "[", "]"));
      case '$', '=' -> text == null ? "$nil" : type + quoted(text);
      default -> type + printable(text == null ? "" : text);
    };
  }

  static String quoted(String bytes) {
    return '"' + printable(bytes).replace("\"", "\\\"") + '"';
  }

  private static String printable(String bytes) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < bytes.length(); i++) {
      char c = bytes.charAt(i);
      if (c < ' ' || c > '~' || c == '\\') {
        out.append(String.format("\\x%02x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }
}
