package io.shardwell.server.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Answers for people: one line each. OK, numbers and errors as they are; a value as it is, or in
 * quotes with escapes where it would not stay one readable word of text; (nil) for no value; lists
 * as words with blanks between, inner ones in brackets; (empty) for none. Only {@link Answer.Text}
 * has many lines, and ends with an empty one. Stateless.
 */
public enum LineEncoder implements AnswerEncoder {
  LINES;

  @Override
  public void encode(Reply reply, ByteBuf out) {
    StringBuilder line = new StringBuilder();
    if (reply instanceof Reply.Bulk bulk && isPlainLine(bulk.value())) {
      out.writeBytes(bulk.value()).writeByte('\n');
      return;
    }
    append(reply, true, line);
    write(line, out);
  }

  @Override
  public void encode(Answer answer, ByteBuf out) {
    if (answer instanceof Answer.Plain plain) {
      encode(plain.reply(), out);
      return;
    }
    if (answer instanceof Answer.Text text) {
      ByteBufUtil.writeUtf8(out, text.text().replace("\r\n", "\n").stripTrailing() + "\n\n");
      return;
    }
    StringBuilder line = new StringBuilder();
    append(answer, true, line);
    write(line, out);
  }

  private static void write(StringBuilder line, ByteBuf out) {
    for (int i = 0; i < line.length(); i++) {
      assert line.charAt(i) != '\n';
      out.writeByte(line.charAt(i));
    }
    out.writeByte('\n');
  }

  // The line under way holds bytes as characters 0..255, so that values stay what they are.
  private static void append(Reply reply, boolean outermost, StringBuilder line) {
    if (reply instanceof Reply.Bulk bulk) {
      boolean bare = outermost ? isPlainLine(bulk.value()) : isPlainWord(bulk.value());
      if (bare) {
        line.append(new String(bulk.value(), StandardCharsets.ISO_8859_1));
      } else {
        appendQuoted(bulk.value(), line);
      }
    } else if (reply instanceof Reply.Int integer) {
      line.append(integer.value());
    } else if (reply instanceof Reply.Nil) {
      line.append("(nil)");
    } else if (reply instanceof Reply.Status status) {
      line.append(onOneLine(status.text()));
    } else if (reply instanceof Reply.Failure failure) {
      line.append(onOneLine(failure.text()));
    } else if (reply instanceof Reply.Array array) {
      begin(array.items().isEmpty(), outermost, line);
      String separator = "";
      for (Reply item : array.items()) {
        line.append(separator);
        append(item, false, line);
        separator = " ";
      }
      end(outermost, line);
    }
  }

  private static void append(Answer answer, boolean outermost, StringBuilder line) {
    if (answer instanceof Answer.Plain plain) {
      append(plain.reply(), outermost, line);
    } else if (answer instanceof Answer.Text text) {
      appendQuoted(text.text().getBytes(StandardCharsets.UTF_8), line);
    } else if (answer instanceof Answer.NoItems) {
      append(Reply.NIL, outermost, line);
    } else {
      List<Answer> items =
          answer instanceof Answer.Items list
              ? list.items()
              : answer instanceof Answer.Distinct set
                  ? set.items()
                  : ((Answer.Pairs) answer).keysAndValues();
      begin(items.isEmpty(), outermost, line);
      String separator = "";
      for (Answer item : items) {
        line.append(separator);
        append(item, false, line);
        separator = " ";
      }
      end(outermost, line);
    }
  }

  private static void begin(boolean empty, boolean outermost, StringBuilder line) {
    line.append(outermost ? empty ? "(empty)" : "" : "[");
  }

  private static void end(boolean outermost, StringBuilder line) {
    line.append(outermost ? "" : "]");
  }

  /** Whether the value is a line of text that cannot be taken for anything else. */
  private static boolean isPlainLine(byte[] value) {
    return value.length > 0 && value[0] != '"' && value[0] != '(' && !hasControls(value);
  }

  private static boolean isPlainWord(byte[] value) {
    if (value.length == 0 || hasControls(value)) {
      return false;
    }
    for (byte b : value) {
      if (b == ' ' || b == '"' || b == '[' || b == ']' || b == '(') {
        return false;
      }
    }
    return true;
  }

  private static boolean hasControls(byte[] value) {
    for (byte b : value) {
      if ((b >= 0 && b < ' ') || b == 127) {
        return true;
      }
    }
    return false;
  }

  private static void appendQuoted(byte[] value, StringBuilder line) {
    line.append('"');
    for (byte b : value) {
      char c = (char) (b & 0xff);
      switch (c) {
        case '"', '\\' -> line.append('\\').append(c);
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append("\\t");
        default -> {
          if (c < ' ' || c == 127) {
            line.append(String.format("\\x%02x", (int) c));
          } else {
            line.append(c);
          }
        }
      }
    }
    line.append('"');
  }

  private static String onOneLine(String text) {
    return text.replace('\r', ' ').replace('\n', ' ');
  }
}
