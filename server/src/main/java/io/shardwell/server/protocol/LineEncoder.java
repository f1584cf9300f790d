package io.shardwell.server.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/**
 * Answers for people: one line each. OK, numbers and errors as they are; a value as it is, or in
 * quotes with escapes where it would not stay one readable word of text; (nil) for no value; lists
 * as words with blanks between, inner ones in brackets; (empty) for none. Only {@link Answer.Text}
 * has many lines, and ends with an empty one. Stateless.
 */
public enum LineEncoder implements AnswerEncoder {
  LINES;

  /** How each byte stands between quotes. A large value has millions of them: no work for each. */
  private static final byte[][] ESCAPES = escapes();

  /** What is quoted at a time, before it goes to the buffer, in bytes. */
  private static final int PIECE_BYTES = 4096;

  @Override
  public void encode(Reply reply, ByteBuf out) {
    int start = out.writerIndex();
    append(reply, true, out);
    end(start, out);
  }

  @Override
  public void encode(Answer answer, ByteBuf out) {
    if (answer instanceof Answer.Text text) {
      ByteBufUtil.writeUtf8(out, text.text().replace("\r\n", "\n").stripTrailing() + "\n\n");
      return;
    }
    int start = out.writerIndex();
    append(answer, true, out);
    end(start, out);
  }

  private static void end(int start, ByteBuf out) {
    assert out.indexOf(start, out.writerIndex(), (byte) '\n') < 0 : "an answer is one line";
    out.writeByte('\n');
  }

  private static void append(Reply reply, boolean outermost, ByteBuf out) {
    if (reply instanceof Reply.Bulk bulk) {
      boolean bare = outermost ? isPlainLine(bulk.value()) : isPlainWord(bulk.value());
      if (bare) {
        BufferRoom.ensure(bulk.value().length, out);
        out.writeBytes(bulk.value());
      } else {
        appendQuoted(bulk.value(), out);
      }
    } else if (reply instanceof Reply.Int integer) {
      text(Long.toString(integer.value()), out);
    } else if (reply instanceof Reply.Nil) {
      text("(nil)", out);
    } else if (reply instanceof Reply.Status status) {
      text(onOneLine(status.text()), out);
    } else if (reply instanceof Reply.Failure failure) {
      text(onOneLine(failure.text()), out);
    } else if (reply instanceof Reply.Array array) {
      begin(array.items().isEmpty(), outermost, out);
      String separator = "";
      for (Reply item : array.items()) {
        text(separator, out);
        append(item, false, out);
        separator = " ";
      }
      end(outermost, out);
    }
  }

  private static void append(Answer answer, boolean outermost, ByteBuf out) {
    if (answer instanceof Answer.Plain plain) {
      append(plain.reply(), outermost, out);
    } else if (answer instanceof Answer.Text text) {
      appendQuoted(text.text().getBytes(StandardCharsets.UTF_8), out);
    } else if (answer instanceof Answer.NoItems) {
      append(Reply.NIL, outermost, out);
    } else {
      List<Answer> items = Answer.itemsOf(answer);
      begin(items.isEmpty(), outermost, out);
      String separator = "";
      for (Answer item : items) {
        text(separator, out);
        append(item, false, out);
        separator = " ";
      }
      end(outermost, out);
    }
  }

  private static void begin(boolean empty, boolean outermost, ByteBuf out) {
    text(outermost ? empty ? "(empty)" : "" : "[", out);
  }

  private static void end(boolean outermost, ByteBuf out) {
    text(outermost ? "" : "]", out);
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

  private static void appendQuoted(byte[] value, ByteBuf out) {
    long length = 2;
    for (byte b : value) {
      length += ESCAPES[b & 0xff].length;
    }
    BufferRoom.ensure(length, out);
    out.writeByte('"');
    byte[] piece = new byte[(int) Math.min(length, PIECE_BYTES)];
    int filled = 0;
    for (byte b : value) {
      byte[] escape = ESCAPES[b & 0xff];
      if (filled + escape.length > piece.length) {
        out.writeBytes(piece, 0, filled);
        filled = 0;
      }
      for (byte each : escape) {
        piece[filled++] = each;
      }
    }
    out.writeBytes(piece, 0, filled).writeByte('"');
  }

  private static byte[][] escapes() {
    byte[][] all = new byte[256][];
    for (int b = 0; b < all.length; b++) {
      String escape =
          switch (b) {
            case '"', '\\' -> "\\" + (char) b;
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default ->
                b < ' ' || b == 127
                    ? "\\x" + HexFormat.of().toHexDigits((byte) b)
                    : Character.toString(b);
          };
      all[b] = escape.getBytes(StandardCharsets.ISO_8859_1);
    }
    return all;
  }

  /** Characters are bytes: only what a client made us repeat has any beyond ASCII. */
  private static void text(String text, ByteBuf out) {
    out.writeCharSequence(text, StandardCharsets.ISO_8859_1);
  }

  private static String onOneLine(String text) {
    return text.replace('\r', ' ').replace('\n', ' ');
  }
}
