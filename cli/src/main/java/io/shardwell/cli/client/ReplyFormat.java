package io.shardwell.cli.client;

import io.shardwell.server.client.RespValue;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/**
 * Writes a reply as redis-cli does: for people with types, quotes and numbers of list items; raw,
 * for scripts, byte for byte with one line feed at the end.
 */
enum ReplyFormat {
  /** For people: {@code "value"}, {@code (integer) 1}, {@code (nil)}, {@code 1) "a"}. */
  PEOPLE {
    @Override
    void write(RespValue reply, ByteArrayOutputStream out) {
      writeForPeople(reply, "", out);
    }
  },

  /** For scripts: the bare bytes; an absent value is an empty line; a list has one item a line. */
  RAW {
    @Override
    void write(RespValue reply, ByteArrayOutputStream out) {
      if (reply instanceof RespValue.Items list) {
        for (RespValue item : list.items()) {
          write(item, out);
        }
        return;
      }
      if (reply instanceof RespValue.Bulk bulk) {
        out.writeBytes(bulk.bytes());
      } else if (reply instanceof RespValue.Status status) {
        append(out, status.text());
      } else if (reply instanceof RespValue.Failure failure) {
        append(out, failure.text());
      } else if (reply instanceof RespValue.Int integer) {
        append(out, Long.toString(integer.value()));
      }
      out.write('\n');
    }
  };

  abstract void write(RespValue reply, ByteArrayOutputStream out);

  /** The lines to print, a line feed after the last one too. */
  final byte[] format(RespValue reply) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    write(reply, out);
    return out.toByteArray();
  }

  private static void writeForPeople(RespValue reply, String indent, ByteArrayOutputStream out) {
    if (reply instanceof RespValue.Items list && !list.items().isEmpty()) {
      writeItems(list.items(), indent, out);
    } else if (reply instanceof RespValue.Items) {
      append(out, "(empty array)\n");
    } else if (reply instanceof RespValue.Bulk bulk) {
      append(out, quoted(bulk.bytes()) + "\n");
    } else if (reply instanceof RespValue.Status status) {
      append(out, status.text() + "\n");
    } else if (reply instanceof RespValue.Failure failure) {
      append(out, "(error) " + failure.text() + "\n");
    } else if (reply instanceof RespValue.Int integer) {
      append(out, "(integer) " + integer.value() + "\n");
    } else {
      append(out, "(nil)\n");
    }
  }

  private static void writeItems(List<RespValue> items, String indent, ByteArrayOutputStream out) {
    int width = Integer.toString(items.size()).length();
    String deeper = indent + " ".repeat(width + 2);
    for (int i = 0; i < items.size(); i++) {
      String number = Integer.toString(i + 1);
      // The first line of a list goes on the line that its own number stands in already.
      append(out, (i == 0 ? "" : indent) + " ".repeat(width - number.length()) + number + ") ");
      writeForPeople(items.get(i), deeper, out);
    }
  }

  /** In quotes; what does not print becomes an escape that redis-cli reads back. */
  private static String quoted(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length + 2).append('"');
    for (byte b : bytes) {
      switch (b) {
        case '\\', '"' -> text.append('\\').append((char) b);
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        case 0x07 -> text.append("\\a");
        case '\b' -> text.append("\\b");
        default -> {
          if (b >= ' ' && b < 0x7f) {
            text.append((char) b);
          } else {
            HexFormat.of().toHexDigits(text.append("\\x"), b);
          }
        }
      }
    }
    return text.append('"').toString();
  }

  private static void append(ByteArrayOutputStream out, String text) {
    out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }
}
